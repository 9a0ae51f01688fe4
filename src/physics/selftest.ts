// A check of the simulation kernels against the official MuJoCo build, before the first model of a runtime: a free body with
// two limited, sprung and driven joints on a floor in a medium, and a ball and a rod that touch it. Two steps of each
// integrator from four states must end where MuJoCo's do, to float32 accuracy; any binary of ours does, a damaged one
// hardly. Takes a few milliseconds.

import { CorruptionError } from "../check.js";
import type { Runtime, Scope } from "../wasm/index.js";
import type { CompiledModel } from "./compiled.js";
import { compileMjcf } from "./mjcf/compile.js";
import type { Model } from "./model.js";

/** The bodies; `integrator` is Euler or RK4. */
export function selfTestModel(integrator: string): string {
  return `<mujoco><compiler angle="radian"/><option timestep="0.01" integrator="${integrator}" density="900" viscosity="0.4"
    wind="0.5 -0.3 0.1"/><default><joint armature="0.02" damping="0.3" limited="true" stiffness="2"/>
    <geom friction="0.7 0.1 0.1" margin="0.004" condim="1" solimp="0.8 0.95 0.02 0.4 3"/></default><worldbody><geom type="plane" size="9 9 1" condim="3"/>
    <body pos="0 0 0.06"><freejoint/><geom type="capsule" size="0.05 0.1" euler="0.3 1.4 0.1"/>
      <body pos="0.12 0.02 0.03" euler="0.1 0.2 0.3"><joint name="turn" axis="1 2 -0.5" range="-0.2 0.02"/>
        <geom type="capsule" fromto="0 0 0 0.2 0 -0.03" size="0.03"/><body pos="0.2 0 0" euler="0 0.4 0">
          <joint name="slide" type="slide" axis="0.2 0.1 1" range="-0.01 0.4"/><geom size="0.04 0.05 0.03" type="box" pos="0.1 0 0.05" contype="0" conaffinity="0"/>
          <body pos="0.1 0 0"><joint axis="0 0 -1" pos="0.02 0 0" range="-1 1"/><geom size="0.03" pos="0.05 0 0.02"/></body></body></body></body>
    <body pos="-0.02 0.1 0.07"><freejoint/><geom size="0.06"/></body>
    <body pos="-0.05 -0.1 0.09"><joint type="slide" axis="0 1 0.2" range="-1 1"/><joint type="slide" axis="1 0 0" range="-1 1"/>
      <joint axis="0 1 1" range="-1 1"/><geom type="capsule" size="0.04 0.1" euler="1.2 0 0.4"/></body></worldbody>
    <actuator><motor joint="turn" gear="3" ctrlrange="-1 1" ctrllimited="true"/><position joint="slide" kp="20"/></actuator></mujoco>`;
}

/** Environments, and steps that each makes. */
export const SELF_TEST_BATCH = 4;
export const SELF_TEST_STEPS = 2;

/** Start velocities [B, nv] and controls [B, nu], plain numbers of a simple rule. */
export function selfTestInput(nv: number, nu: number): { qvel: number[]; ctrl: number[] } {
  const rule = (k: number) => ((k * 7 + 3) % 11) / 10 - 0.5;
  return {
    qvel: Array.from({ length: SELF_TEST_BATCH * nv }, (_, k) => 2 * rule(k)),
    ctrl: Array.from({ length: SELF_TEST_BATCH * nu }, (_, k) => 3 * rule(k + 5)),
  };
}

/** qvel [B, nv] of the official build after the steps; then, of the last environment there, cvel and xquat. */
export const physicsExpected: Readonly<
  Record<"Euler" | "RK4", { qvel: readonly number[]; observed: readonly number[] }>
> = {
  Euler: {
    qvel: [
      -0.364646, 0.922546, 0.585737, -5.04659, 0.721148, -1.54607, -5.65119, -0.545279, 0.0504018, -0.650913, 1.28259,
      0.240728, -13.2809, -5.14743, -0.565474, -1.39311, -0.132984, 0.05655, 0.160734, -0.174626, 0.111858, 3.97069,
      1.70426, -0.0141853, -4.61573, -0.514416, 0.566965, 0.0523892, 0.232696, 0.520706, -0.196795, -0.981611, 0.393354,
      -2.46997, 0.748988, 0.851413, -0.627622, 0.834754, 0.55632, -3.23414, 3.32328, -1.90799, -5.6465, 1.05947,
      -0.185111, 0.797246, 1.05063, 0.172785, -12.6909, 9.1338, -0.858603, -1.48457, -0.291701, -0.132833, 0.165234,
      0.0238455, 0.532471, 2.09157, 0.0295958, -0.684161, 0.280478, 0.687189, 0.294332, -0.114195, 0.495482, 0.399469,
      -0.393354, 0.981611, 0.196795, -2.33295, 0.601334, 0.579632,
    ],
    observed: [
      0, 0, 0, 0, 0, 0, 2.09766, 0.0352417, -0.66497, 0.185344, -0.0515995, 0.591912, 2.13351, 0.312158, -0.691424,
      0.17653, -0.0503349, 0.593205, 2.13351, 0.312158, -0.691424, 0.628961, 0.0440351, 1.10176, 1.97346, 0.318543,
      -0.938353, 0.607235, 0.123731, 1.1179, -0.393351, 0.981612, 0.196799, -0.114195, 0.495482, 0.399469, 0, 0.409862,
      0.409862, 0.601334, -2.28765, -0.45753, 1, 0, 0, 0, 0.999606, 0.0267858, -0.00416456, -0.00727912, 0.9811,
      0.0908945, 0.0842165, 0.14862, 0.944812, 0.0595565, 0.277452, 0.163715, 0.945338, 0.0586568, 0.277644, 0.160652,
      0.999942, -0.00395, 0.00986165, 0.0019759, 0.999981, 0, 0.00435318, 0.00435318,
    ],
  },
  RK4: {
    qvel: [
      -0.321655, 0.828245, 0.478191, -3.94172, 0.840624, -1.10306, -4.85759, -0.333193, 0.117669, -0.692329, 1.21586,
      0.0347434, -10.133, -3.86889, -0.575488, -0.71342, -0.0389023, -0.335611, 0.180544, -0.140211, 0.108693, 4.41636,
      2.36896, -0.147062, -5.10995, -0.423717, 0.588907, 0.0354482, 0.112153, 0.588017, -0.196808, -0.981709, 0.393383,
      -1.85677, 0.700574, 1.2563, -0.565335, 0.726434, 0.385256, -1.71398, 2.69146, -1.49029, -4.86305, 0.699247,
      -0.294162, 0.837318, 1.00049, 0.0310834, -12.1065, 8.2894, -0.762143, -0.81848, -0.216848, -0.455468, 0.130053,
      -0.3196, 0.838021, 1.56477, 1.25397, 0.356401, 0.0906676, 0.889357, 0.296108, -0.125321, 0.0627589, 0.319086,
      -0.393383, 0.981709, 0.196808, -1.55561, 0.744388, 0.0745577,
    ],
    observed: [
      0, 0, 0, 0, 0, 0, 1.55869, 1.25277, 0.386037, 0.112715, -0.268946, 0.743642, 1.56821, 1.34231, 0.375355, 0.10984,
      -0.268582, 0.744128, 1.56821, 1.34231, 0.375355, 0.699377, -0.118834, 1.39296, 1.40451, 1.33959, 0.12863,
      0.676062, -0.0388864, 1.40754, -0.393379, 0.98171, 0.196815, -0.125321, 0.062759, 0.319086, 0, 0.0527203,
      0.0527203, 0.744388, -1.5254, -0.30508, 1, 0, 0, 0, 0.999866, 0.0157185, 0.00312814, 0.00335262, 0.979909,
      0.0796988, 0.0921189, 0.157924, 0.942075, 0.0467356, 0.284961, 0.170609, 0.942779, 0.0455465, 0.285153, 0.166678,
      0.999941, -0.00396673, 0.00990803, 0.00198397, 0.999999, 0, 0.000733326, 0.000733326,
    ],
  },
};

/** Largest difference from MuJoCo, against the larger of 1 and the number; float32 is ten times nearer. */
const TOLERANCE = 2e-4;

const tested = new WeakSet<Runtime>();

/** Throws `CorruptionError` when simulations of models that `make` makes come out wrong; looks only once at each runtime. */
export function physicsSelfTest(runtime: Runtime, make: (scope: Scope, compiled: CompiledModel) => Model): void {
  if (tested.has(runtime)) return;
  for (const integrator of ["Euler", "RK4"] as const) {
    runtime.scoped((scope) => {
      const compiled = compileMjcf(runtime.kernels, selfTestModel(integrator), { name: "self-test" });
      const model = make(scope, compiled);
      const simulation = scope.hold(model.simulation({ batch: SELF_TEST_BATCH }));
      const { qvel, ctrl } = selfTestInput(model.nv, model.nu);
      const { qpos } = simulation.getState();
      simulation.setState(qpos, qvel);
      simulation.step(ctrl, { repeat: SELF_TEST_STEPS });
      const { qvel: velocities, observed } = physicsExpected[integrator];
      compare(integrator, simulation.getState().qvel, velocities);
      simulation.forward();
      const last = ["cvel", "xquat"] as const;
      const rows = last.flatMap((name) => {
        const all = simulation.read(name);
        return [...all.subarray(all.length - all.length / SELF_TEST_BATCH)];
      });
      compare(integrator, rows, observed);
      scope.dispose();
    });
  }
  tested.add(runtime);
}

function compare(integrator: string, got: ArrayLike<number>, expected: readonly number[]): void {
  expected.forEach((want, k) => {
    if (Math.abs(got[k] - want) <= TOLERANCE * Math.max(1, Math.abs(want))) return;
    throw new CorruptionError(`self-test of simulations (${integrator}): number ${k} is ${got[k]} instead of ${want}`);
  });
}
