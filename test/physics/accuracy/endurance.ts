// Long runs: random controls for a given number of steps, and what must still hold at their end.
import { loadMjcf, type Simulation } from "../../../src/physics/index.js";
import type { Runtime } from "../../../src/wasm/index.js";
import { type ModelSpec, xmlOf } from "./models.js";
import { randomOf } from "./statistics.js";

const BATCH = 64;

/** What became of the environments of a run. */
export interface Endurance {
  readonly steps: number;
  /** Of an environment that diverged, the first degree of freedom at fault. */
  readonly divergences: readonly { readonly dof: number; readonly time: number }[];
  readonly finite: boolean;
  /** Largest distance of a free joint's quaternion from length one. */
  readonly quaternion: number;
}

/** Largest |‖q‖ − 1| of the free joints of a simulation. */
export function quaternionError(simulation: Simulation): number {
  const { jntType, jntQposAdr, nq } = simulation.model.compiled;
  const { qpos } = simulation.getState();
  let worst = 0;
  jntType.forEach((type, j) => {
    if (type !== 0) return;
    for (let b = 0; b < simulation.batch; b++) {
      const start = b * nq + jntQposAdr[j]! + 3;
      worst = Math.max(worst, Math.abs(Math.hypot(...qpos.subarray(start, start + 4)) - 1));
    }
  });
  return worst;
}

/** `steps` steps in all, shared by the environments of a batch, under uniform controls that change with every control step. */
export function wander(runtime: Runtime, spec: ModelSpec, steps: number, seed: number): Endurance {
  const model = loadMjcf(runtime, xmlOf(spec));
  const simulation = model.simulation({ batch: BATCH });
  const random = randomOf(seed);
  const { nu, compiled } = model;
  const ctrl = new Float64Array(BATCH * nu);
  const rounds = Math.ceil(steps / BATCH / spec.frameSkip);
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < ctrl.length; k++) {
      const [low, high] = compiled.actuatorCtrlrange.subarray(2 * (k % nu));
      ctrl[k] = random.uniform(low!, high!);
    }
    simulation.step(ctrl, { repeat: spec.frameSkip });
  }
  const { qpos, qvel } = simulation.getState();
  const result: Endurance = {
    steps: rounds * spec.frameSkip * BATCH,
    divergences: Array.from({ length: BATCH }, (_, b) => simulation.divergence(b)).filter((d) => d !== undefined),
    finite: [...qpos, ...qvel].every(Number.isFinite),
    quaternion: quaternionError(simulation),
  };
  simulation.dispose();
  model.dispose();
  return result;
}

/** A capsule with a free joint above a floor; `attributes` are those of the capsule's body. */
export const capsuleOnFloor = (attributes: string): string => `<mujoco>
  <option timestep="0.002"/>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 0.1"/>
    <body name="capsule" ${attributes}>
      <freejoint/>
      <geom type="capsule" size="0.05 0.15"/>
    </body>
  </worldbody>
</mujoco>`;

/** How far the bodies of a document move between two moments, in seconds from now on, without controls. */
export function driftOf(runtime: Runtime, xml: string, from: number, to: number): number {
  const model = loadMjcf(runtime, xml);
  const simulation = model.simulation({ batch: 1 });
  const positions = () => simulation.read("xpos");
  simulation.step(undefined, { repeat: Math.round(from / model.timestep) });
  const settled = positions();
  let farthest = 0;
  // once a second, so that a way there and back does not go unseen
  for (let second = from; second < to; second++) {
    simulation.step(undefined, { repeat: Math.round(1 / model.timestep) });
    const now = positions();
    for (let k = 0; k < now.length; k += 3) {
      const way = Math.hypot(now[k]! - settled[k]!, now[k + 1]! - settled[k + 1]!, now[k + 2]! - settled[k + 2]!);
      farthest = Math.max(farthest, way);
    }
  }
  simulation.dispose();
  model.dispose();
  return farthest;
}

/** A body that spins freely about no principal axis, in nothing. */
export const tumbling = `<mujoco>
  <option timestep="0.005" gravity="0 0 0"/>
  <worldbody>
    <body>
      <freejoint/>
      <inertial pos="0.01 0.02 0.03" mass="1" diaginertia="0.01 0.02 0.025"/>
    </body>
  </worldbody>
</mujoco>`;
