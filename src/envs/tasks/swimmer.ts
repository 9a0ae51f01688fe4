// Gymnasium's Swimmer-v5: swim along x with three links in a viscous medium. reward = v − 1e-4 Σ a², v the mean velocity along x
// over the step; episodes of 1000 steps, never terminated. The observation (qpos without x and y, qvel) holds the velocities
// at the end of the step only: what planners see takes the mean of those before and after for v.

import type { Box } from "../../types.js";
import { bodies } from "../bodies.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { noisyStart } from "./start.js";
import { xml } from "./xml/swimmer.js";

export const swimmer: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "Swimmer-v5",
  number: 9,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [8]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [2]),
  maxEpisodeSteps: 1000,
  timeStep: 0.04,
  angles: [0],
  stateSize: 10,
  startSize: 10,
  stateOf: (_kernels, observation, state) => state.fill(0, 0, 2).set(observation, 2),
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies({
    xml,
    frameSkip: 4,
    drifts: 2,
    start: /* @__PURE__ */ noisyStart({ qpos: 0.1, qvel: 0.1 }),
  }),
} satisfies Task<Box>);
