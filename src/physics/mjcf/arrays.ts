// What the compiler has read, as the arrays of a model: one array per property, elements in the order of their bodies.

import { JointType } from "../compiled.js";
import type { Actuator } from "./actuators.js";
import { readNumbers } from "./attributes.js";
import type { Frame } from "./frames.js";
import type { Weld } from "./equality.js";
import type { Geom } from "./geoms.js";
import type { Joint } from "./joints.js";
import type { Body } from "./tree.js";
import type { Node } from "./xml.js";

type Item<T> = { readonly item: T; readonly body: number };

// what bodies hold, in the order of the bodies
function listed<T>(bodies: readonly Body[], pick: (body: Body) => readonly T[]): Item<T>[] {
  return bodies.flatMap((owner, body) => pick(owner).map((item) => ({ item, body })));
}

const floats = <T>(items: readonly T[], pick: (item: T) => readonly number[] | number): Float64Array =>
  Float64Array.from(items.flatMap(pick));
const integers = <T>(items: readonly T[], pick: (item: T, index: number) => number): Int32Array =>
  Int32Array.from(items, pick);
const bits = <T>(items: readonly T[], pick: (item: T) => boolean): Uint8Array =>
  Uint8Array.from(items, (item) => Number(pick(item)));

const dofsOf = ({ type }: Joint): number => (type === JointType.free ? 6 : 1);

export function bodyArrays(bodies: readonly Body[]) {
  const count = (body: Body): number => body.joints.reduce((sum, joint) => sum + dofsOf(joint), 0);
  const addresses = (sizes: readonly number[]): Int32Array => {
    let next = 0;
    return Int32Array.from(sizes, (size) => {
      next += size;
      return size === 0 ? -1 : next - size;
    });
  };
  const bodyRoot = new Int32Array(bodies.length);
  const bodyWeld = new Int32Array(bodies.length);
  bodies.forEach(({ parent, joints, mocap }, i) => {
    bodyRoot[i] = parent === 0 ? i : bodyRoot[parent];
    bodyWeld[i] = joints.length > 0 || mocap ? i : bodyWeld[parent];
  });
  let hands = 0;
  return {
    bodyMocap: integers(bodies, ({ mocap }) => (mocap ? hands++ : -1)),
    bodyName: bodies.map(({ name }) => name),
    bodyParent: integers(bodies, ({ parent }) => parent),
    bodyJntAdr: addresses(bodies.map(({ joints }) => joints.length)),
    bodyJntNum: integers(bodies, ({ joints }) => joints.length),
    bodyDofAdr: addresses(bodies.map(count)),
    bodyDofNum: integers(bodies, count),
    bodyRoot,
    bodyWeld,
    bodyPos: floats(bodies, ({ frame }) => frame.pos),
    bodyQuat: floats(bodies, ({ frame }) => frame.quat),
    bodyIpos: floats(bodies, ({ inertial }) => inertial.pos),
    bodyIquat: floats(bodies, ({ inertial }) => inertial.quat),
    bodyMass: floats(bodies, ({ mass }) => mass),
    bodyInertia: floats(bodies, ({ moments }) => moments),
  };
}

export function jointArrays(bodies: readonly Body[]) {
  const joints = listed(bodies, (body) => body.joints);
  const items = joints.map(({ item }) => item);
  let [nextQpos, nextDof] = [0, 0];
  const [jntQposAdr, jntDofAdr] = [new Int32Array(items.length), new Int32Array(items.length)];
  items.forEach((joint, i) => {
    [jntQposAdr[i], jntDofAdr[i]] = [nextQpos, nextDof];
    nextQpos += joint.type === JointType.free ? 7 : 1;
    nextDof += dofsOf(joint);
  });
  const rest = (pick: (joint: Joint) => number) =>
    floats(joints, ({ item, body }) => {
      const { pos, quat } = bodies[body].frame;
      return item.type === JointType.free ? [...pos, ...quat] : pick(item);
    });
  return {
    qpos0: rest(({ ref }) => ref),
    qposSpring: rest(({ springref }) => springref),
    jntName: items.map(({ name }) => name),
    jntType: integers(items, ({ type }) => type),
    jntBody: integers(joints, ({ body }) => body),
    jntQposAdr,
    jntDofAdr,
    jntPos: floats(items, ({ pos }) => pos),
    jntAxis: floats(items, ({ axis }) => axis),
    jntLimited: bits(items, ({ limited }) => limited),
    jntRange: floats(items, ({ range }) => range),
    jntStiffness: floats(items, ({ stiffness }) => stiffness),
    jntMargin: floats(items, ({ margin }) => margin),
    jntSolref: floats(items, ({ solref }) => solref),
    jntSolimp: floats(items, ({ solimp }) => solimp),
  };
}

export function dofArrays(bodies: readonly Body[]) {
  const joints = listed(bodies, (body) => body.joints);
  const dofs = joints.flatMap(({ item, body }, joint) => Array(dofsOf(item)).fill({ item, body, joint })) as {
    item: Joint;
    body: number;
    joint: number;
  }[];
  // the last degree of freedom on the way from the root to each body
  const last = new Int32Array(bodies.length).fill(-1);
  const dofParent = new Int32Array(dofs.length);
  let dof = 0;
  bodies.forEach(({ parent, joints: own }, i) => {
    if (i > 0) last[i] = last[parent];
    for (const joint of own) {
      for (let k = 0; k < dofsOf(joint); k++) {
        dofParent[dof] = last[i];
        last[i] = dof++;
      }
    }
  });
  return {
    dofBody: integers(dofs, ({ body }) => body),
    dofJnt: integers(dofs, ({ joint }) => joint),
    dofParent,
    dofArmature: floats(dofs, ({ item }) => item.armature),
    dofDamping: floats(dofs, ({ item }) => item.damping),
  };
}

export function geomArrays(bodies: readonly Body[], assets: readonly Node[]) {
  const geoms = listed(bodies, (body) => body.geoms);
  const items = geoms.map(({ item }) => item);
  const colors = materialColors(assets);
  const plain = ({ rgba }: Geom["spec"]): boolean => rgba.every((x, i) => x === (i < 3 ? 0.5 : 1));
  // a color of the geom's own goes before its material's
  const color = ({ spec }: Geom): readonly number[] =>
    (plain(spec) && spec.material !== undefined && colors.get(spec.material)) || spec.rgba;
  return {
    geomName: items.map(({ name }) => name),
    geomType: integers(items, ({ spec }) => spec.type),
    geomBody: integers(geoms, ({ body }) => body),
    geomContype: integers(items, ({ spec }) => spec.contype),
    geomConaffinity: integers(items, ({ spec }) => spec.conaffinity),
    geomCondim: integers(items, ({ spec }) => spec.condim),
    geomPriority: integers(items, ({ spec }) => spec.priority),
    geomSize: floats(items, ({ size }) => size),
    geomPos: floats(items, ({ frame }) => frame.pos),
    geomQuat: floats(items, ({ frame }) => frame.quat),
    geomFriction: floats(items, ({ spec }) => spec.friction),
    geomMargin: floats(items, ({ spec }) => spec.margin),
    geomGap: floats(items, ({ spec }) => spec.gap),
    geomSolmix: floats(items, ({ spec }) => spec.solmix),
    geomSolref: floats(items, ({ spec }) => spec.solref),
    geomSolimp: floats(items, ({ spec }) => spec.solimp),
    geomRgba: Float32Array.from(items.flatMap(color)),
  };
}

function materialColors(assets: readonly Node[]): Map<string, number[]> {
  const colors = new Map<string, number[]>();
  for (const node of assets.flatMap(({ children }) => children)) {
    const rgba = [1, 1, 1, 1];
    if (node.name === "material" && readNumbers(node, "rgba", rgba)) colors.set(node.attributes.name ?? "", rgba);
  }
  return colors;
}

export function siteArrays(bodies: readonly Body[]) {
  const sites = listed(bodies, (body) => body.sites);
  const frames: Frame[] = sites.map(({ item }) => item.frame);
  return {
    siteName: sites.map(({ item }) => item.name),
    siteBody: integers(sites, ({ body }) => body),
    sitePos: floats(frames, ({ pos }) => pos),
    siteQuat: floats(frames, ({ quat }) => quat),
  };
}

export function actuatorArrays(actuators: readonly Actuator[]) {
  return {
    actuatorName: actuators.map(({ name }) => name),
    actuatorJnt: integers(actuators, ({ joint }) => joint),
    actuatorGear: floats(actuators, ({ gear }) => gear),
    actuatorCtrllimited: bits(actuators, ({ ctrllimited }) => ctrllimited),
    actuatorCtrlrange: floats(actuators, ({ ctrlrange }) => ctrlrange),
    actuatorForcelimited: bits(actuators, ({ forcelimited }) => forcelimited),
    actuatorForcerange: floats(actuators, ({ forcerange }) => forcerange),
    actuatorGain: floats(actuators, ({ gain }) => gain),
    actuatorBias: floats(actuators, ({ bias }) => bias),
  };
}

export function equalityArrays(welds: readonly Weld[]) {
  return {
    eqName: welds.map(({ name }) => name),
    eqObj1: integers(welds, ({ body1 }) => body1),
    eqObj2: integers(welds, ({ body2 }) => body2),
    eqActive: bits(welds, ({ active }) => active),
    eqData: floats(welds, ({ data }) => data),
    eqSolref: floats(welds, ({ solref }) => solref),
    eqSolimp: floats(welds, ({ solimp }) => solimp),
  };
}
