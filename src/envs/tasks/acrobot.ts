// Gymnasium's Acrobot-v1: two links hang from a joint; a motor between them is to swing the free end one length above it.
// Reward −1 per step, 0 for the one that gets there and ends the episode; 500 steps at most.
//
// As in the original: the "book" dynamics without noise, start states uniform in ±0.1.

import type { Discrete } from "../../types.js";
import { analytic } from "../analytic.js";
import { box, discrete } from "../spaces.js";
import type { Task } from "../task.js";

const FASTEST = [4 * Math.PI, 9 * Math.PI] as const;

export const acrobot: Task<Discrete> = /* @__PURE__ */ Object.freeze({
  id: "Acrobot-v1",
  number: 3,
  // cos θ1, sin θ1, cos θ2, sin θ2, θ̇1, θ̇2
  observationSpace: /* @__PURE__ */ box(
    [-1, -1, -1, -1, -FASTEST[0], -FASTEST[1]],
    [1, 1, 1, 1, FASTEST[0], FASTEST[1]],
  ),
  // torque −1, 0, 1
  actionSpace: /* @__PURE__ */ discrete(3),
  maxEpisodeSteps: 500,
  timeStep: 0.2,
  angles: [],
  stateSize: 4,
  startSize: 4,
  clipsActions: false,
  dynamics: /* @__PURE__ */ analytic({
    reset: (kernels) => kernels.acrobot_reset,
    step: (kernels) => kernels.acrobot_step,
  }),
} satisfies Task<Discrete>);
