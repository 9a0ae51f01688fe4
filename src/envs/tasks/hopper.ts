// Gymnasium's Hopper-v5: hop along x on one leg. reward = v + 1 − 1e-3 Σ a², v the mean velocity along x over the step, until the
// body is lower than 0.7 m, more than 0.2 rad off, or a number of its state beyond ±100; episodes of 1000 steps. The observation
// (qpos without x, qvel within ±10) holds the velocities at the end of the step: what planners see takes the mean of those
// before and after for v.

import type { Box } from "../../types.js";
import { bodies } from "../bodies.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { noisyStart } from "./start.js";
import { xml } from "./xml/hopper.js";

export const hopper: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "Hopper-v5",
  number: 10,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [11]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [3]),
  maxEpisodeSteps: 1000,
  timeStep: 0.008,
  angles: [],
  stateSize: 12,
  startSize: 12,
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies({
    xml,
    frameSkip: 4,
    drifts: 1,
    start: /* @__PURE__ */ noisyStart({ qpos: 0.005, qvel: 0.005 }),
  }),
} satisfies Task<Box>);
