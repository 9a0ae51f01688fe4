// Start states of tasks on rigid bodies: noise around the configuration that the file describes, at rest.

import type { Model } from "../../physics/index.js";

/** Scales of the noise, for every element alike: positions uniform in ±qpos; velocities uniform in ±qvel, or normal. */
export interface Noise {
  readonly qpos: number;
  readonly qvel: number;
  /** Velocities are `qvel` times standard normals, which come after the uniform numbers. Default false. */
  readonly normal?: boolean;
}

/** [nq + nv] from `nq` uniform numbers in (0, 1) and `nv` more, or as many normals. */
export function noisyStart({ qpos, qvel, normal = false }: Noise) {
  return ({ nq, nv, compiled }: Model, numbers: Float32Array): Float64Array => {
    const state = new Float64Array(nq + nv);
    for (let k = 0; k < nq; k++) state[k] = compiled.qpos0[k] + qpos * (2 * numbers[k] - 1);
    for (let k = nq; k < nq + nv; k++) state[k] = qvel * (normal ? numbers[k] : 2 * numbers[k] - 1);
    return state;
  };
}
