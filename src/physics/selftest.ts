// A check of the simulation kernels against the official MuJoCo build, before the first model of a runtime: a free body with
// two limited, sprung and driven joints on a floor in a medium, and a ball and a rod that touch it; and bodies held by welds.
// Two steps of each integrator from four states must end where MuJoCo's do, to float32 accuracy; any binary of ours does, a
// damaged one hardly. Takes a few milliseconds.

import { CorruptionError } from "../check.js";
import type { Runtime, Scope } from "../wasm/index.js";
import type { CompiledModel } from "./compiled.js";
import { compileMjcf } from "./mjcf/compile.js";
import type { Model } from "./model.js";

/** The bodies with each integrator, and others with welds: to a hand, and of two free bodies. */
export const selfTestKinds = ["Euler", "RK4", "welds"] as const;
export type SelfTestKind = (typeof selfTestKinds)[number];

/** The document of a kind. */
export function selfTestModel(kind: SelfTestKind): string {
  return kind === "welds" ? welds : bodies(kind);
}

const welds = `<mujoco><compiler angle="radian"/><option timestep="0.01"/><default><joint armature="0.02" damping="0.3"/></default>
  <worldbody><geom type="plane" size="9 9 1"/><body name="hand" mocap="true" pos="0.3 0.1 0.2" quat="0.9 0.2 -0.3 0.1"/>
    <body pos="0.1 0 0.25" euler="0 0.2 0.1"><joint axis="0 0 1"/><geom type="capsule" size="0.03" fromto="0 0 0 0.2 0 0"/>
      <body name="tip" pos="0.2 0 0" euler="0.3 0 0.2"><joint axis="0 1 0.2" range="-0.02 1"/><geom size="0.05" pos="0.1 0 0"/></body></body>
    <body name="one" pos="-0.3 0 0.06"><freejoint/><geom type="capsule" size="0.05 0.1" euler="1.4 0 0.3"/></body>
    <body name="two" pos="-0.3 0.3 0.1"><freejoint/><geom size="0.06"/></body></worldbody>
  <equality><weld body1="hand" body2="tip" relpose="0.05 0 0.1 0.8 0.1 0.5 0.2" anchor="0.1 0.02 0" torquescale="0.6"/>
    <weld body1="one" body2="two"/></equality></mujoco>`;

function bodies(integrator: string): string {
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
      <joint axis="0 1 1" range="-1 1"/><geom type="capsule" size="0.04 0.1" euler="1.2 0 0.4"/></body>
    <body pos="0.5 0 0.05"><joint type="slide" axis="1 0 0" range="-1 1"/><joint type="slide" axis="0 0 1" range="-1 1"/>
      <joint axis="0 1 0" range="-1 1"/><geom type="capsule" size="0.04 0.1" euler="0 1.5 0" condim="3"/></body></worldbody>
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

/**
 * qvel [B, nv] of the official build after the steps; then, of the last environment there, cvel, xquat and cfrc_ext (not with
 * welds, whose forces are not observed).
 */
export const physicsExpected: Readonly<Record<SelfTestKind, { qvel: readonly number[]; observed: readonly number[] }>> =
  {
    Euler: {
      qvel: [
        -0.364646, 0.922546, 0.585737, -5.04659, 0.721148, -1.54607, -5.65119, -0.545279, 0.0504018, -0.650913, 1.28259,
        0.240728, -13.2809, -5.14743, -0.565474, -1.39311, -0.132984, 0.05655, 0.290752, 0.0532875, 1.46472, 0.409655,
        0.0535894, 0.596606, 5.04093, -1.20985, -0.601578, 1.08858, -0.809206, 0.287738, -0.113529, 0.51873, 0.402838,
        -0.393354, 0.981612, 0.196795, -2.32084, 0.602688, 0.575395, -0.671447, 0.458468, 0.0746041, -0.680587,
        0.532031, 0.522415, 3.20497, 4.19531, -2.26644, -4.70802, 0.810187, -0.435716, 0.458623, 0.817015, 0.116544,
        -12.8808, 7.35111, 1.00396, -1.72154, -0.58406, 1.26112, 0.137542, -0.216117, 3.00046, -0.456329, 0.227647,
        0.472226, 3.71486, 2.8844, -2.92388, -2.34855, 1.70408, -0.368673, -0.507361, 0.714354, 0.0924659, -8.36426,
        -5.50796, -0.48101, -2.03409, -0.0233872, 0.495468, 0.52107, 0.195827, 1.36685,
      ],
      observed: [
        0, 0, 0, 0, 0, 0, 3.73838, 2.87069, -2.90733, -0.386268, -0.120817, 0.218241, 3.34268, 0.563509, -2.71756,
        -0.329287, -0.131235, 0.210396, 3.34268, 0.563509, -2.71756, 0.816233, 0.0352548, 1.46098, 3.54624, 0.542171,
        -2.41092, 0.839615, -0.0674836, 1.43831, -8.38779, -5.47906, -0.393357, -0.507361, 0.714354, 0.0924659, 0,
        0.350349, 0.350349, -0.0233872, -1.99459, -0.398918, 0, 1.36685, 0, 0.52107, 0, 0.195827, 1, 0, 0, 0, 0.998404,
        0.038083, 0.0271896, -0.0316308, 0.982768, 0.101163, 0.0870146, 0.127913, 0.945891, 0.0737341, 0.280526,
        0.145461, 0.945299, 0.0748605, 0.280227, 0.14926, 0.99857, -0.04681, -0.025476, -0.00416553, 0.999986, 0,
        0.0037209, 0.0037209, 0.999913, 0, 0.0132235, 0, 0, 0, 0, 0, 0, 0, -0.0745512, 0.855316, -2.33875, 1.28856,
        14.8306, 5.38271, 1.61759, -6.40315, 0.288891, 18.6452, 5.9721, 27.969, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 46.5487, 0.0375521, -0.449956, 3.31965, 145.926, 368.819, 0, 0, 0, 0, 0, 0,
      ],
    },
    RK4: {
      qvel: [
        -0.321655, 0.828245, 0.478191, -3.94172, 0.840624, -1.10306, -4.85759, -0.333193, 0.117669, -0.692329, 1.21586,
        0.0347434, -10.133, -3.86889, -0.575488, -0.71342, -0.0389023, -0.335611, 0.315751, 0.0152989, 1.41867,
        0.363336, -0.270096, 0.808808, 3.23093, -0.589386, 0.259941, 1.66166, -0.267741, 0.358114, -0.122918, 0.128855,
        0.326738, -0.393383, 0.981709, 0.196808, -1.56951, 0.746121, 0.0675032, -0.702327, 0.423507, -0.0279723,
        -0.680168, 0.416914, 0.333215, 3.824, 3.58638, -1.86908, -4.26704, 0.361081, -0.355145, 0.497756, 0.705043,
        -0.0571888, -11.0437, 6.48138, 1.06904, -1.1189, -0.548507, 1.08644, 0.0687656, -0.0770889, 1.63775, 0.0759892,
        -0.841483, 0.155531, 15.7121, 5.80067, -0.154096, -2.58138, 1.32626, -0.085908, -0.481894, 0.891648, 0.0175063,
        -8.17157, -3.17818, -0.481486, 1.4315, -0.443921, 2.11309, 0.548005, 0.158689, 1.29789,
      ],
      observed: [
        0, 0, 0, 0, 0, 0, 15.7907, 5.5621, -0.509308, 0.0738515, -0.851788, -0.0232872, 15.4665, 3.00172, -0.562789,
        0.140122, -0.859891, -0.0370646, 15.4665, 3.00172, -0.562789, 1.06173, -0.795969, 0.914523, 15.5167, 2.99123,
        -0.493906, 1.06788, -0.818842, 0.906553, -8.19133, -3.13802, -0.402724, -0.481894, 0.891648, 0.0175063, 0,
        1.49418, 1.49418, -0.443921, 1.4037, 0.28074, 0, 1.29789, 0, 0.548005, 0, 0.158689, 1, 0, 0, 0, 0.994901,
        0.0903498, 0.0438064, -0.00943694, 0.971255, 0.15444, 0.0995026, 0.151367, 0.932126, 0.12129, 0.290478,
        0.179032, 0.93193, 0.121607, 0.290345, 0.180052, 0.99945, -0.0320231, -0.00755035, -0.00418321, 0.999956, 0,
        0.00660022, 0.00660022, 0.999984, 0, 0.00571215, 0, 0, 0, 0, 0, 0, 0, -8.67362, 57.221, -22.4555, -9.3248,
        129.343, 333.192, 0.602403, -8.68432, -5.79021, 11.4692, -28.2099, 43.5032, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        -0.344356, -0.24038, 0, 3.79006, -5.42945, 13.1707, -30.0385, -0.762448, -0.544689, 9.3248, -129.343, -333.192,
        0, 1.35973, 0, -7.08868, 0, 10.1267,
      ],
    },
    welds: {
      qvel: [
        2.69204, -5.84767, 0.187262, -0.587114, 0.660788, -0.431686, -0.702616, 1.09938, -0.170515, -0.568268, 0.533445,
        -0.424068, -0.771829, 1.10919, 2.69236, -5.84703, -0.0161034, -0.170172, 0.502321, -1.37063, -1.01599, 1.04425,
        -0.362724, -0.153796, 0.0798824, -1.38993, -1.0918, 1.04833, 2.69268, -5.84639, -0.204371, -0.213768, 0.424086,
        -0.921931, -0.570922, 1.06559, -0.546999, -0.204038, 0.152872, -0.901155, -0.63276, 1.083, 2.69299, -5.84575,
        -0.361709, 0.437836, 0.562789, -2.15877, -2.7964, 0.943352, -0.717709, 0.485672, -0.103837, -2.14653, -2.93478,
        0.913056,
      ],
      observed: [],
    },
  };

/**
 * Largest difference from MuJoCo, against the larger of 1 and the number. Float32 comes as near as 1.6e-4, and with fused
 * multiply-add 2.5e-4: both in one number of RK4.
 */
const TOLERANCE = 1e-3;

const tested = new WeakSet<Runtime>();

/** Throws `CorruptionError` when simulations of models that `make` makes come out wrong; looks only once at each runtime. */
export function physicsSelfTest(runtime: Runtime, make: (scope: Scope, compiled: CompiledModel) => Model): void {
  if (tested.has(runtime)) return;
  for (const kind of selfTestKinds) {
    runtime.scoped((scope) => {
      const compiled = compileMjcf(runtime.kernels, selfTestModel(kind), { name: "self-test" });
      const model = make(scope, compiled);
      const simulation = scope.hold(model.simulation({ batch: SELF_TEST_BATCH }));
      const { qvel, ctrl } = selfTestInput(model.nv, model.nu);
      const { qpos } = simulation.getState();
      simulation.setState(qpos, qvel);
      simulation.step(ctrl, { repeat: SELF_TEST_STEPS });
      const { qvel: velocities, observed } = physicsExpected[kind];
      compare(kind, simulation.getState().qvel, velocities);
      simulation.forward();
      const last = ["cvel", "xquat", "cfrcExt"] as const;
      const rows = last.flatMap((name) => {
        const all = simulation.read(name);
        return [...all.subarray(all.length - all.length / SELF_TEST_BATCH)];
      });
      compare(kind, rows, observed);
      scope.dispose();
    });
  }
  tested.add(runtime);
}

function compare(kind: string, got: ArrayLike<number>, expected: readonly number[]): void {
  expected.forEach((want, k) => {
    if (Math.abs(got[k] - want) <= TOLERANCE * Math.max(1, Math.abs(want))) return;
    throw new CorruptionError(`self-test of simulations (${kind}): number ${k} is ${got[k]} instead of ${want}`);
  });
}
