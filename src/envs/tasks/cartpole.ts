// Gymnasium's CartPole-v1: a pole on a cart that is pushed to the left or to the right with 10 N. Reward 1 per step, the one
// that ends the episode included; 500 steps at most.
//
// As in the original (without its option `sutton_barto_reward`): Euler's method, start states uniform in ±0.05.

import type { Discrete } from "../../types.js";
import { analytic } from "../analytic.js";
import { discrete } from "../spaces.js";
import type { Task } from "../task.js";
import { cartPoleContinuous } from "./cartpole-continuous.js";

export const cartPole: Task<Discrete> = /* @__PURE__ */ Object.freeze({
  id: "CartPole-v1",
  number: 5,
  // x, ẋ, θ, θ̇
  observationSpace: cartPoleContinuous.observationSpace,
  // left, right
  actionSpace: /* @__PURE__ */ discrete(2),
  maxEpisodeSteps: 500,
  timeStep: 0.02,
  angles: [],
  stateSize: 4,
  startSize: 4,
  clipsActions: false,
  dynamics: /* @__PURE__ */ analytic({
    reset: (kernels) => kernels.cartpole_reset,
    step: (kernels) => kernels.cartpole_v1_step,
  }),
} satisfies Task<Discrete>);
