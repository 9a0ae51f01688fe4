// mbrl-lib's continuous cart-pole (mbrl/env/cartpole_continuous.py), as its PETS example uses it: episodes of 200 steps,
// reward 1 per step, so that the best return is 200.
//
// As in the original: the step that ends an episode still pays 1 (the reward that planners see, reward_fns.cartpole, pays 0
// there); start states are uniform in ±0.05. The original applies actions outside [-1, 1] as they are, though it calls
// them invalid; here they are an error.

import type { Box } from "../../types.js";
import { analytic } from "../analytic.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";

const TRACK = 2.4;
/** 12 degrees in radians. */
const TILT = 0.20943951023931953;

export const cartPoleContinuous: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "CartPoleContinuous",
  number: 1,
  // x, ẋ, θ, θ̇: positions to twice the limits, so that the last observation of an episode is inside
  observationSpace: /* @__PURE__ */ box(
    [-2 * TRACK, -Infinity, -2 * TILT, -Infinity],
    [2 * TRACK, Infinity, 2 * TILT, Infinity],
  ),
  actionSpace: /* @__PURE__ */ box([-1], [1]),
  maxEpisodeSteps: 200,
  timeStep: 0.02,
  // θ is an angle, but of at most a few degrees: the original gives it to the model as it is
  angles: [],
  stateSize: 4,
  startSize: 4,
  clipsActions: false,
  dynamics: /* @__PURE__ */ analytic({
    reset: (kernels) => kernels.cartpole_reset,
    step: (kernels) => kernels.cartpole_step,
  }),
} satisfies Task<Box>);
