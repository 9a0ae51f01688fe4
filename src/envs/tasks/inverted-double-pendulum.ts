// Gymnasium's InvertedDoublePendulum-v5: balance two poles on a cart. reward = 10 − 0.01 x² − (y − 2)² − 0.001 v₁² − 0.005 v₂² with
// (x, y) the tip, until y ≤ 1; episodes of 1000 steps. What planners see takes the tip from the observation, after the step,
// where Gymnasium takes it from MuJoCo's last evaluation inside it, and velocities of at most 10.

import type { Box } from "../../types.js";
import { bodies } from "../bodies.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { noisyStart } from "./start.js";
import { xml } from "./xml/inverted-double-pendulum.js";

export const invertedDoublePendulum: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "InvertedDoublePendulum-v5",
  number: 7,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [9]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [1]),
  maxEpisodeSteps: 1000,
  timeStep: 0.05,
  angles: [],
  stateSize: 6,
  startSize: 3,
  startNormals: 3,
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies({
    xml,
    frameSkip: 5,
    points: [{ site: "tip" }],
    start: /* @__PURE__ */ noisyStart({ qpos: 0.1, qvel: 0.1, normal: true }),
  }),
} satisfies Task<Box>);
