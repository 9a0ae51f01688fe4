// Gymnasium's HalfCheetah-v5: run along x on two legs. reward = v − 0.1 Σ a², v the mean velocity along x over the step; episodes
// of 1000 steps, never terminated. The observation (qpos without x, qvel) holds the velocities at the end of the step only:
// what planners see takes the mean of those before and after for v.
//
// The variant is what PETS was measured on (Chua et al. 2018): the observation begins with v itself, 0 at the start, so that
// what planners see of the reward is exact.

import type { Box } from "../../types.js";
import { type BodyDefinition, bodies } from "../bodies.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { noisyStart } from "./start.js";
import { xml } from "./xml/half-cheetah.js";

const body: BodyDefinition = {
  xml,
  frameSkip: 5,
  drifts: 1,
  start: /* @__PURE__ */ noisyStart({ qpos: 0.1, qvel: 0.1, normal: true }),
};

export const halfCheetah: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "HalfCheetah-v5",
  number: 11,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [17]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [6]),
  maxEpisodeSteps: 1000,
  timeStep: 0.05,
  // the torso's
  angles: [1],
  stateSize: 18,
  startSize: 9,
  startNormals: 9,
  stateOf: (_kernels, observation, state) => state.fill(0, 0, 1).set(observation, 1),
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies(body),
} satisfies Task<Box>);

export const halfCheetahPets: Task<Box> = /* @__PURE__ */ Object.freeze({
  ...halfCheetah,
  stateOf: undefined,
  id: "HalfCheetahPets",
  number: 12,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [18]),
  angles: [2],
  dynamics: /* @__PURE__ */ bodies(body),
} satisfies Task<Box>);
