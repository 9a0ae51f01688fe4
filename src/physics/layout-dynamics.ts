// Tables of the dynamics without constraints: origins of trees, links with their inertias, degrees of freedom, joints, actuators,
// and what of the bodies a medium acts on. Only what no state changes; the numbers are those of assembly/physics/model.ts.

import { type CompiledModel, JointType } from "./compiled.js";
import { Header, type Layout, mocapPlace, onlyChild } from "./layout.js";
import { LinkKind, type Lowering } from "./lower.js";
import { matrixAt, multiply, rotate, sum, vectorAt } from "./rotation.js";

/** Flags of a link. */
const MASSIVE = 1;
const COLLECTS = 2;
const PRINCIPAL = 4;
const CENTERED = 8;
const STILL = 16;

/** Writes the tables and their header words. */
export function layOutDynamics(model: CompiledModel, layout: Layout): void {
  writeTrees(model, layout);
  writeLinks(model, layout);
  writeDofs(model, layout);
  writeJoints(model, layout);
  writeActuators(model, layout);
  writeMedium(model, layout);
}

function writeTrees(model: CompiledModel, { tables, lowering, trees }: Layout): void {
  const { header } = tables;
  const words = lowering.trees.flatMap(({ kind, origin, joints, directions, mocap }, t) => {
    const [first] = joints;
    const pose = mocap < 0 ? 0 : mocapPlace(header, mocap);
    const q = first === undefined ? pose : header[Header.qpos] + 16 * model.jntQposAdr[first];
    const v = first === undefined ? 0 : header[Header.qvel] + 16 * model.jntDofAdr[first];
    const reals = tables.reals([...origin, ...directions.flat()]);
    return [kind, trees[t].origin, trees[t].originVelocity, directions.length, reals, q, v, 0];
  });
  header[Header.trees] = lowering.trees.length;
  header[Header.treeWords] = tables.words(words);
}

function writeLinks(model: CompiledModel, { tables, lowering, links }: Layout): void {
  const { header } = tables;
  const words: number[] = [];
  const reals: number[] = [];
  const carried = carriedMasses(lowering);
  lowering.links.forEach((link, l) => {
    const own = links[l];
    const parent = links[link.parent];
    const ball = link.kind === LinkKind.ball;
    const dof = link.joint < 0 ? 0 : model.jntDofAdr[link.joint] + (ball ? 3 : 0);
    const qpos = link.joint < 0 ? 0 : model.jntQposAdr[link.joint];
    const { mocap } = lowering.trees[link.tree];
    const pose = link.kind === LinkKind.mocap ? mocapPlace(header, mocap) : header[Header.qpos] + 16 * qpos;
    const [, , Ixz, , , Iyz] = link.inertia;
    const principal = Math.max(Math.abs(Ixz), Math.abs(Iyz)) <= 1e-13 * Math.max(...link.inertia);
    const only = onlyChild(lowering.links, l);
    const collects = link.mass === 0 && (only === undefined || links[only].inertia !== own.inertia);
    const centered = link.kind === LinkKind.fixed || ball;
    const flags =
      (link.mass > 0 && link.kind !== LinkKind.fixed ? MASSIVE : 0) |
      (link.mass > 0 && link.kind === LinkKind.fixed ? STILL : 0) |
      (collects ? COLLECTS : 0) |
      (principal ? PRINCIPAL : 0) |
      (centered ? CENTERED : 0);
    // nothing turns about the origin that slides carry
    const inherits = lowering.links[link.parent].kind !== LinkKind.fixed && parent.inertia !== own.inertia;
    words.push(
      ...[link.kind, link.turn, own.rotation, parent.rotation, own.position, parent.position],
      ...[own.velocity, parent.velocity, own.acceleration, parent.acceleration],
      ...[own.force, parent.force === own.force ? 0 : parent.force],
      ...[own.inertia, inherits ? parent.inertia : 0, flags],
      ...[pose, header[Header.qvel] + 16 * dof, header[Header.cdof] + 96 * dof],
      ...[header[Header.wrench] + 96 * l, header[Header.wrench] + 96 * link.parent],
      ...[own.arm, own.stillForce],
    );
    const I = link.inertia;
    const rest = link.joint < 0 ? 0 : model.qpos0[qpos];
    reals.push(...link.turned, ...link.offset, ...link.axis, rest, link.mass, ...link.center);
    reals.push(I[0], I[4], I[8], I[1], I[2], I[5], carried[l], 0, 0, 0, 0, 0);
  });
  header[Header.links] = lowering.links.length;
  header[Header.linkWords] = tables.words(words);
  header[Header.linkReals] = tables.reals(reals);
}

/** Masses of the links with all that they carry. */
function carriedMasses({ links }: Lowering): number[] {
  const carried = links.map(({ mass }) => mass);
  for (let l = links.length - 1; l > 0; l--) carried[links[l].parent] += carried[l];
  return carried;
}

function writeDofs(model: CompiledModel, { tables, lowering, links }: Layout): void {
  const { header } = tables;
  const carried = carriedMasses(lowering);
  const words: number[] = [];
  const reals: number[] = [];
  const { spring, damper } = model.option;
  for (let dof = 0; dof < model.nv; dof++) {
    const joint = model.dofJnt[dof];
    const l = lowering.jointLink[joint];
    const link = lowering.links[l];
    const free = model.jntType[joint] === JointType.free;
    const translates = free && dof < model.jntDofAdr[joint] + 3;
    const kind = translates || link.kind === LinkKind.fixed ? 2 : link.kind === LinkKind.slide ? 1 : 0;
    const qpos = model.jntQposAdr[joint];
    words.push(kind, links[l].inertia, links[l].force, header[Header.qpos] + 16 * qpos, header[Header.wrench] + 96 * l);
    words.push(link.kind === LinkKind.ball ? 0 : links[l].arm, 0, 0);
    const stiffness = spring ? model.jntStiffness[joint] : 0;
    reals.push(carried[l], model.dofArmature[dof], damper ? model.dofDamping[dof] : 0, stiffness);
    reals.push(model.qposSpring[qpos], 0, 0, 0);
  }
  header[Header.dofWords] = tables.words(words);
  header[Header.dofReals] = tables.reals(reals);
}

function writeJoints(model: CompiledModel, { tables }: Layout): void {
  const words: number[] = [];
  for (let joint = 0; joint < model.njnt; joint++) {
    const free = model.jntType[joint] === JointType.free;
    words.push(free ? 0 : 1, 16 * model.jntQposAdr[joint], 16 * model.jntDofAdr[joint]);
  }
  tables.header[Header.joints] = model.njnt;
  tables.header[Header.jointWords] = tables.words(words);
}

function writeActuators(model: CompiledModel, { tables }: Layout): void {
  const { header } = tables;
  const { actuation, clampctrl } = model.option;
  const words: number[] = [];
  const reals: number[] = [];
  const infinite = [-Infinity, Infinity];
  const range = (limited: number, ranges: Float64Array, i: number) =>
    limited ? ranges.subarray(2 * i, 2 * i + 2) : infinite;
  for (let i = 0; i < model.nu; i++) {
    const joint = model.actuatorJnt[i];
    const dof = model.jntDofAdr[joint];
    words.push(header[Header.qpos] + 16 * model.jntQposAdr[joint], header[Header.qvel] + 16 * dof, 16 * dof);
    const force = [model.actuatorGain[i], ...model.actuatorBias.subarray(3 * i, 3 * i + 3)];
    reals.push(model.actuatorGear[i], ...(actuation ? force : [0, 0, 0, 0]));
    reals.push(...range(clampctrl ? model.actuatorCtrllimited[i] : 0, model.actuatorCtrlrange, i));
    reals.push(...range(model.actuatorForcelimited[i], model.actuatorForcerange, i), 0);
  }
  header[Header.actuatorWords] = tables.words(words);
  header[Header.actuatorReals] = tables.reals(reals);
}

function writeMedium(model: CompiledModel, { tables, lowering, links, trees }: Layout): void {
  const { header } = tables;
  const { timestep, gravity, density, viscosity, wind } = model.option;
  header[Header.optionReals] = tables.reals([timestep, ...gravity, density, viscosity, ...wind]);
  const words: number[] = [];
  const reals: number[] = [];
  for (let body = 1; body < model.nbody && (density > 0 || viscosity > 0); body++) {
    const l = lowering.bodyLink[body];
    const mass = model.bodyMass[body];
    if (l === 0 || mass === 0) continue;
    const { rotation, position, velocity } = links[l];
    words.push(rotation, position, velocity, header[Header.wrench] + 96 * l);
    words.push(trees[lowering.links[l].tree].originVelocity);
    const frame = lowering.bodyRotation[body];
    reals.push(...multiply(frame, matrixAt(model.bodyIquat, body)));
    reals.push(...sum(lowering.bodyPosition[body], rotate(frame, vectorAt(model.bodyIpos, body))));
    const [a, b, c] = vectorAt(model.bodyInertia, body);
    // the box of the same mass and inertia
    const side = (I: number) => Math.sqrt((Math.max(1e-15, I) / mass) * 6);
    reals.push(side(b + c - a), side(a + c - b), side(a + b - c), 0);
  }
  header[Header.immersed] = words.length / 5;
  header[Header.immersedWords] = tables.words(words);
  header[Header.immersedReals] = tables.reals(reals);
}
