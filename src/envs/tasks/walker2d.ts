// Gymnasium's Walker2d-v5: walk along x on two legs. reward = v + 1 − 1e-3 Σ a², v the mean velocity along x over the step, until
// the body's height leaves (0.8, 2) m or its angle ±1 rad; episodes of 1000 steps. The observation (qpos without x, qvel within
// ±10) holds the velocities at the end of the step: what planners see takes the mean of those before and after for v.

import type { Box } from "../../types.js";
import { bodies } from "../bodies.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { noisyStart } from "./start.js";
import { xml } from "./xml/walker2d.js";

export const walker2d: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "Walker2d-v5",
  number: 13,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [17]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [6]),
  maxEpisodeSteps: 1000,
  timeStep: 0.008,
  angles: [],
  stateSize: 18,
  startSize: 18,
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies({
    xml,
    frameSkip: 4,
    drifts: 1,
    start: /* @__PURE__ */ noisyStart({ qpos: 0.005, qvel: 0.005 }),
  }),
} satisfies Task<Box>);
