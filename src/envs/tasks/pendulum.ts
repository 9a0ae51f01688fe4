// Gymnasium's Pendulum-v1: swing a rod up and hold it there; episodes of 200 steps, never terminated.
// reward = −(θ² + 0.1 θ̇² + 0.001 torque²), of the state before the step; θ in [-π, π), 0 upright. As in the original,
// torques outside [-2, 2] are clipped, and the start is uniform in θ ∈ ±π, θ̇ ∈ ±1.

import type { Box } from "../../types.js";
import { analytic } from "../analytic.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";

export const pendulum: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "Pendulum-v1",
  number: 2,
  // cos θ, sin θ, θ̇
  observationSpace: /* @__PURE__ */ box([-1, -1, -8], [1, 1, 8]),
  actionSpace: /* @__PURE__ */ box([-2], [2]),
  maxEpisodeSteps: 200,
  timeStep: 0.05,
  angles: [],
  stateSize: 2,
  startSize: 2,
  stateOf: (kernels, [cosine, sine, speed], state) => state.set([kernels.atan2_f64(sine, cosine), speed]),
  clipsActions: true,
  dynamics: /* @__PURE__ */ analytic({
    reset: (kernels) => kernels.pendulum_reset,
    step: (kernels) => kernels.pendulum_step,
  }),
} satisfies Task<Box>);
