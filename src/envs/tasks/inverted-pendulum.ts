// Gymnasium's InvertedPendulum-v5: balance a pole on a cart. Reward 1 per step until the pole leaves ±0.2 rad; episodes of 1000
// steps. Observation qpos, qvel. Forces beyond ±3 are clipped, as in all tasks on MuJoCo bodies. What planners see of reward
// and termination is exact.

import type { Box } from "../../types.js";
import { bodies } from "../bodies.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { noisyStart } from "./start.js";
import { xml } from "./xml/inverted-pendulum.js";

export const invertedPendulum: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "InvertedPendulum-v5",
  number: 6,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [4]),
  actionSpace: /* @__PURE__ */ box(-3, 3, [1]),
  maxEpisodeSteps: 1000,
  timeStep: 0.04,
  angles: [],
  stateSize: 4,
  startSize: 4,
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies({
    xml,
    frameSkip: 2,
    start: /* @__PURE__ */ noisyStart({ qpos: 0.01, qvel: 0.01 }),
  }),
} satisfies Task<Box>);
