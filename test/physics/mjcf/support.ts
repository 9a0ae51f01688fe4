// Comparison of a compiled model with MuJoCo's, array by array: with the arrays of a reference file, or of the official
// build. Principal axes of inertia are not unique, so that inertia is compared as a tensor.

import * as assert from "uvu/assert";
import type { CompiledModel } from "../../../src/physics/index.js";
import { compileMjcf, type MjcfOptions } from "../../../src/physics/index.js";
import { mujocoModel } from "../../support/mujoco.js";
import { runtime } from "../../support/runtime.js";

/** Compiles with the kernels of the release binary. */
export function compile(xml: string, options?: MjcfOptions): CompiledModel {
  return compileMjcf(runtime.kernels, xml, options);
}

/** MuJoCo's arrays by their names in mjModel. */
export type Arrays = Readonly<Record<string, number | readonly number[] | ArrayLike<number>>>;

// ours, and the names of mjModel
const same = {
  qpos0: "qpos0",
  qposSpring: "qpos_spring",
  bodyParent: "body_parentid",
  bodyPos: "body_pos",
  bodyIpos: "body_ipos",
  bodyMass: "body_mass",
  bodyInvweight0: "body_invweight0",
  jntType: "jnt_type",
  jntBody: "jnt_bodyid",
  jntQposAdr: "jnt_qposadr",
  jntDofAdr: "jnt_dofadr",
  jntPos: "jnt_pos",
  jntAxis: "jnt_axis",
  jntRange: "jnt_range",
  jntStiffness: "jnt_stiffness",
  jntMargin: "jnt_margin",
  jntSolref: "jnt_solref",
  jntSolimp: "jnt_solimp",
  dofArmature: "dof_armature",
  dofDamping: "dof_damping",
  dofInvweight0: "dof_invweight0",
  dofM0: "dof_M0",
  geomType: "geom_type",
  geomContype: "geom_contype",
  geomConaffinity: "geom_conaffinity",
  geomCondim: "geom_condim",
  geomBody: "geom_bodyid",
  geomSize: "geom_size",
  geomPos: "geom_pos",
  geomFriction: "geom_friction",
  geomMargin: "geom_margin",
  geomGap: "geom_gap",
  geomSolref: "geom_solref",
  geomSolimp: "geom_solimp",
  geomSolmix: "geom_solmix",
  geomPriority: "geom_priority",
  actuatorCtrlrange: "actuator_ctrlrange",
} as const;

// only the official build gives these
const more = {
  bodyJntAdr: "body_jntadr",
  bodyJntNum: "body_jntnum",
  bodyDofAdr: "body_dofadr",
  bodyDofNum: "body_dofnum",
  bodyRoot: "body_rootid",
  bodyWeld: "body_weldid",
  dofBody: "dof_bodyid",
  dofJnt: "dof_jntid",
  dofParent: "dof_parentid",
  siteBody: "site_bodyid",
  sitePos: "site_pos",
  actuatorForcerange: "actuator_forcerange",
  bodyMocap: "body_mocapid",
  eqObj1: "eq_obj1id",
  eqObj2: "eq_obj2id",
  eqData: "eq_data",
  eqSolref: "eq_solref",
  eqSolimp: "eq_solimp",
} as const;

const quaternions = { bodyQuat: "body_quat", geomQuat: "geom_quat", siteQuat: "site_quat" } as const;

const sizes = ["nq", "nv", "nu", "nbody", "njnt", "ngeom"] as const;

/** An array of ours by name, MuJoCo's, and how large an error is no error. */
type Comparison = readonly [name: string, ours: ArrayLike<number>, theirs: ArrayLike<number>, floor: number];

/** Everything that a model has, beside MuJoCo's; `live` asks for what only the official build gives. */
export function comparisons(ours: CompiledModel, theirs: Arrays, live: boolean): Comparison[] {
  const numbers = (name: string): number[] => Array.from((theirs[name] ?? []) as ArrayLike<number>);
  // rounding of terms of size 1, and what 12 digits leave of a quaternion
  const floor = live ? 1e-13 : 1e-11;
  const found: Comparison[] = [];
  const compare = (name: string, a: ArrayLike<number>, b: ArrayLike<number>) => found.push([name, a, b, floor]);
  for (const [name, mujocoName] of Object.entries(live ? { ...same, ...more } : same)) {
    compare(name, ours[name as keyof typeof same], numbers(mujocoName));
  }
  for (const [name, mujocoName] of Object.entries(quaternions)) {
    const own = ours[name as keyof typeof quaternions];
    if (live || name !== "siteQuat") compare(name, rotations(own), rotations(numbers(mujocoName)));
  }
  // MuJoCo leaves products of inertia of this size in place
  const inertia = tensors(ours.bodyInertia, ours.bodyIquat);
  const reference = tensors(numbers("body_inertia"), numbers("body_iquat"));
  found.push(["inertia tensors", inertia, reference, Math.max(floor, 2e-12)]);
  compare("meaninertia", [ours.meaninertia], [theirs.meaninertia as number]);
  const gear = numbers("actuator_gear").filter((_, i) => i % 6 === 0);
  compare("actuatorGear", ours.actuatorGear, gear);
  const joints = numbers("actuator_trnid").filter((_, i) => i % 2 === 0);
  compare("actuatorJnt", ours.actuatorJnt, joints);
  const gain = numbers("actuator_gainprm").filter((_, i, { length }) => i % (length / Math.max(1, ours.nu)) === 0);
  compare("actuatorGain", ours.actuatorGain, gain);
  const width = numbers("actuator_biasprm").length / Math.max(1, ours.nu);
  const affine = numbers("actuator_biastype");
  const bias = numbers("actuator_biasprm").filter((_, i) => i % width < 3);
  const effective = live ? bias.map((value, i) => (affine[Math.floor(i / 3)] === 1 ? value : 0)) : bias;
  compare("actuatorBias", ours.actuatorBias, effective);
  return found;
}

/** Holds every comparison to the tolerance. */
export function compareModels(ours: CompiledModel, theirs: Arrays, live: boolean, tolerance = 1e-9): void {
  for (const name of sizes) assert.is(ours[name], theirs[name], name);
  for (const [name, a, b, floor] of comparisons(ours, theirs, live)) checkClose(name, a, b, tolerance, floor);
}

// relative to each number by itself, down to the floor
function checkClose(name: string, a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number, floor: number): void {
  assert.is(a.length, b.length, `${name}: length`);
  for (let i = 0; i < a.length; i++) {
    const error = Math.abs(a[i] - b[i]);
    if (!(error <= tolerance * Math.abs(b[i]) + floor)) {
      assert.unreachable(`${name}[${i}]: ${a[i]}, MuJoCo has ${b[i]}`);
    }
  }
}

// rotation matrices: a quaternion and its negative are one rotation
function rotations(quats: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let i = 0; i < quats.length; i += 4) {
    const [w, x, y, z] = [0, 1, 2, 3].map((k) => quats[i + k]);
    out.push(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y));
    out.push(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x));
    out.push(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y));
  }
  return out;
}

function tensors(moments: ArrayLike<number>, quats: ArrayLike<number>): number[] {
  const turned = rotations(quats);
  const out: number[] = [];
  for (let body = 0; body < moments.length / 3; body++) {
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k < 3; k++) {
          sum += turned[9 * body + 3 * i + k] * turned[9 * body + 3 * j + k] * moments[3 * body + k];
        }
        out.push(sum);
      }
    }
  }
  return out;
}

/** What the official build makes of a document; throws its message. */
export function mujocoArrays(xml: string): Arrays {
  const model = mujocoModel(xml);
  try {
    const out: Record<string, number | number[]> = {};
    const numberOf = model as unknown as Record<string, unknown>;
    for (const name of sizes) out[name] = numberOf[name] as number;
    const names = [
      ...Object.values({ ...same, ...more, ...quaternions }),
      ...["inertia", "iquat"].map((x) => `body_${x}`),
    ];
    const actuators = ["gear", "trnid", "gainprm", "biasprm", "biastype"].map((x) => `actuator_${x}`);
    for (const name of [...names, ...actuators]) out[name] = Array.from(numberOf[name] as ArrayLike<number>);
    const stat = model.stat;
    out.meaninertia = stat.meaninertia;
    stat.delete();
    return out;
  } finally {
    model.delete();
  }
}
