// Gymnasium's Ant-v5: run along x on four legs. reward = v + 1 − 0.5 Σ a² − 5e-4 Σ f², v the torso's mean velocity along x over the
// step, as MuJoCo's last evaluations see it, f the contact forces on all bodies within ±1, until the torso's height leaves
// [0.2, 1] m; episodes of 1000 steps. The observation (qpos without x and y, qvel, f) holds the velocities at the end of the
// step: what planners see takes the mean of those before and after for v. The first observation has the quaternion as it was
// drawn, not of length 1, and no contact forces.

import type { Box } from "../../types.js";
import { bodies } from "../bodies.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { noisyStart } from "./start.js";
import { xml } from "./xml/ant.js";

export const ant: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "Ant-v5",
  number: 14,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [105]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [8]),
  maxEpisodeSteps: 1000,
  timeStep: 0.05,
  angles: [],
  stateSize: 31,
  startSize: 15,
  startNormals: 14,
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies({
    xml,
    frameSkip: 5,
    drifts: 2,
    // how far its new place is from that of the last evaluation, along x and y
    kept: 2,
    points: [{ body: "torso" }],
    start: /* @__PURE__ */ noisyStart({ qpos: 0.1, qvel: 0.1, normal: true }),
  }),
} satisfies Task<Box>);
