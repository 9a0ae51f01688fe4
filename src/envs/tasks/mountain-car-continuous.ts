// Gymnasium's MountainCarContinuous-v0: a car in a valley, too weak to climb out at once. Reward 100 for the step that reaches
// the flag, where the episode ends, less 0.1·action² for every step; 999 steps at most.
//
// As in the original: forces outside [-1, 1] are clipped but charged as given; the start is at rest, uniform in [−0.6, −0.4].

import type { Box } from "../../types.js";
import { analytic } from "../analytic.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";

export const mountainCarContinuous: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "MountainCarContinuous-v0",
  number: 4,
  // position, velocity
  observationSpace: /* @__PURE__ */ box([-1.2, -0.07], [0.6, 0.07]),
  actionSpace: /* @__PURE__ */ box([-1], [1]),
  maxEpisodeSteps: 999,
  // the original has no unit of time; it is drawn at 30 steps a second
  timeStep: 1 / 30,
  angles: [],
  stateSize: 2,
  startSize: 1,
  clipsActions: true,
  dynamics: /* @__PURE__ */ analytic({
    reset: (kernels) => kernels.mountain_car_reset,
    step: (kernels) => kernels.mountain_car_step,
  }),
} satisfies Task<Box>);
