// A compiled model as the kernels read it: the header of its block of tables, and where everything that depends on the state
// has its place in a workspace. The numbers are those of assembly/physics/model.ts, in its order. What the tables say is written
// by layout-dynamics.ts, layout-constraints.ts and observe.ts.

import { type CompiledModel, Integrator } from "./compiled.js";
import { type Link, LinkKind, type Lowering, lower, Turn } from "./lower.js";
import { cross, IDENTITY, scaled } from "./rotation.js";
import { Tables, WorkspacePlan } from "./tables.js";

/** Header words. */
export const Header = {
  nq: 0,
  nv: 1,
  nu: 2,
  links: 3,
  trees: 4,
  joints: 5,
  immersed: 6,
  integrator: 7,
  linkWords: 8,
  linkReals: 9,
  dofWords: 10,
  dofReals: 11,
  treeWords: 12,
  jointWords: 13,
  actuatorWords: 14,
  actuatorReals: 15,
  immersedWords: 16,
  immersedReals: 17,
  optionReals: 18,
  massPattern: 19,
  hessianPattern: 20,
  massSize: 21,
  hessianSize: 22,
  stateSize: 23,
  qpos: 24,
  qvel: 25,
  steps: 26,
  diverged: 27,
  ctrl: 28,
  cdof: 29,
  mass: 30,
  factor: 31,
  qfrcBias: 32,
  qfrcPassive: 33,
  qfrcActuator: 34,
  qfrcSmooth: 35,
  qaccSmooth: 36,
  qfrcConstraint: 37,
  qacc: 38,
  matrix: 39,
  vector: 40,
  startQpos: 41,
  startQvel: 42,
  sumQvel: 43,
  sumQacc: 44,
  wrench: 45,
  mocapPoses: 46,
  mocaps: 47,
} as const;

/** Places of a link's quantities in a workspace. */
export interface LinkPlaces {
  rotation: number;
  position: number;
  velocity: number;
  acceleration: number;
  force: number;
  inertia: number;
  /** From the parent's position to the link's. */
  arm: number;
  /** 0 unless the link has mass and never turns. */
  stillForce: number;
}

/** Places of a tree's quantities. */
export interface TreePlaces {
  origin: number;
  originVelocity: number;
}

export interface Layout {
  readonly tables: Tables;
  readonly workspace: WorkspacePlan;
  readonly lowering: Lowering;
  readonly links: readonly LinkPlaces[];
  readonly trees: readonly TreePlaces[];
  /** [nv]: ancestors of each degree of freedom from the root on, itself last. */
  readonly chains: readonly (readonly number[])[];
  /** Byte offset of each packed row of the mass matrix. */
  readonly rows: readonly number[];
}

/** Header, places and patterns of matrices of `model` for reals of `real` bytes. */
export function layOut(model: CompiledModel, real: 4 | 8): Layout {
  const lowering = lower(model);
  const tables = new Tables(real);
  const workspace = new WorkspacePlan();
  const { header } = tables;
  header[Header.nq] = model.nq;
  header[Header.nv] = model.nv;
  header[Header.nu] = model.nu;
  header[Header.integrator] = integratorOf(model);
  placeState(model, header, workspace);
  const chains = ancestors(model);
  const rows = placeDynamics(model, chains, header, workspace);
  header[Header.massPattern] = tables.words(pattern(tables, chains, rows));
  header[Header.hessianPattern] = header[Header.massPattern];
  header[Header.hessianSize] = header[Header.massSize];
  const { links, trees } = placeLinks(model, lowering, header, workspace);
  return { tables, workspace, lowering, links, trees, chains, rows };
}

function integratorOf(model: CompiledModel): number {
  if (model.option.integrator === Integrator.rk4) return 2;
  const { damper, eulerdamp } = model.option;
  return damper && eulerdamp && model.dofDamping.some((b) => b > 0) ? 1 : 0;
}

// the state lies together, in the order of batch.ts
function placeState(model: CompiledModel, header: Int32Array, workspace: WorkspacePlan): void {
  header[Header.qpos] = workspace.place(model.nq);
  header[Header.qvel] = workspace.place(model.nv);
  header[Header.steps] = workspace.place(1);
  header[Header.diverged] = workspace.place(1);
  header[Header.mocapPoses] = workspace.place(7 * model.nmocap);
  header[Header.mocaps] = model.nmocap;
  header[Header.stateSize] = model.nq + model.nv + 2 + 7 * model.nmocap;
  header[Header.ctrl] = workspace.place(model.nu);
}

function ancestors(model: CompiledModel): number[][] {
  const chains: number[][] = [];
  for (let dof = 0; dof < model.nv; dof++) {
    const parent = model.dofParent[dof];
    chains.push([...(parent < 0 ? [] : chains[parent]), dof]);
  }
  return chains;
}

function placeDynamics(
  model: CompiledModel,
  chains: readonly (readonly number[])[],
  header: Int32Array,
  workspace: WorkspacePlan,
): number[] {
  const { nq, nv } = model;
  const rows: number[] = [];
  let size = 0;
  for (const chain of chains) {
    rows.push(16 * size);
    size += chain.length;
  }
  header[Header.massSize] = size;
  header[Header.mass] = workspace.place(size);
  header[Header.factor] = workspace.place(size);
  header[Header.matrix] = workspace.place(size);
  const vectors = ["qfrcBias", "qfrcPassive", "qfrcActuator", "qfrcSmooth", "qaccSmooth", "qfrcConstraint"] as const;
  const more = ["qacc", "vector", "startQvel", "sumQvel", "sumQacc"] as const;
  for (const name of [...vectors, ...more]) header[Header[name]] = workspace.place(nv);
  header[Header.startQpos] = workspace.place(nq);
  return rows;
}

/** The words of a pattern's rows; the chains they point to are appended to the tables. */
export function pattern(tables: Tables, chains: readonly (readonly number[])[], rows: readonly number[]): number[] {
  return chains.flatMap((chain, dof) => {
    const list = tables.words(chain.flatMap((other) => [16 * other, rows[other]]));
    return [rows[dof], chain.length - 1, list, 0];
  });
}

function placeLinks(
  model: CompiledModel,
  lowering: Lowering,
  header: Int32Array,
  workspace: WorkspacePlan,
): { links: LinkPlaces[]; trees: TreePlaces[] } {
  const trees = lowering.trees.map(({ kind, origin }) => ({
    origin: kind ? workspace.place(3) : workspace.constants(origin),
    originVelocity: workspace.place(3),
  }));
  header[Header.cdof] = placeAxes(model, lowering, workspace);
  header[Header.wrench] = workspace.place(6 * lowering.links.length);
  const gravity = model.option.gravityOn ? model.option.gravity : [0, 0, 0];
  const world: LinkPlaces = {
    rotation: workspace.constants(IDENTITY),
    position: workspace.constants([0, 0, 0]),
    velocity: workspace.constants([0, 0, 0, 0, 0, 0]),
    acceleration: workspace.constants([0, 0, 0, ...gravity.map((g) => -g)]),
    // 0 is the place of qpos, so it can stand for none
    force: 0,
    inertia: 0,
    arm: 0,
    stillForce: 0,
  };
  const links: LinkPlaces[] = [];
  lowering.links.forEach((link, l) => {
    const parent = links[link.parent] ?? world;
    const moves = link.kind !== LinkKind.fixed && link.kind !== LinkKind.mocap;
    const turns = link.kind !== LinkKind.fixed && link.kind !== LinkKind.slide;
    links.push({
      rotation: turns ? workspace.place(9) : parent.rotation,
      position: moves && link.kind !== LinkKind.ball ? workspace.place(3) : world.position,
      velocity: moves ? workspace.place(6) : world.velocity,
      acceleration: moves && link.turn !== Turn.root ? workspace.place(6) : parent.acceleration,
      force: l === 0 ? 0 : workspace.place(6),
      inertia: l === 0 ? 0 : workspace.place(9),
      arm: moves && link.turn !== Turn.root ? workspace.place(3) : 0,
      stillForce: link.mass > 0 && !moves ? workspace.constants(weight(link, gravity)) : 0,
    });
  });
  // a link without mass and with one child is to forces that child, and to inertias, if their positions are one
  for (let l = links.length - 1; l > 0; l--) {
    const only = onlyChild(lowering.links, l);
    if (only === undefined) continue;
    links[l].force = links[only].force;
    if (coincides(lowering.links[only])) links[l].inertia = links[only].inertia;
  }
  return { links, trees };
}

// the wrench that holds a link that never turns against gravity, about the origin
function weight({ mass, center }: Link, gravity: readonly number[]): number[] {
  const force = scaled([gravity[0], gravity[1], gravity[2]], -mass);
  return [...cross(center, force), ...force];
}

/** The child that a link without mass has alone. */
export function onlyChild(links: readonly Link[], l: number): number | undefined {
  if (links[l].mass > 0) return undefined;
  const children = links.flatMap(({ parent }, c) => (c > 0 && parent === l ? [c] : []));
  return children.length === 1 ? children[0] : undefined;
}

const coincides = ({ kind, offset }: Link): boolean => kind === LinkKind.hinge && offset.every((x) => x === 0);

// Axes of translations of origins never change; the other ones are written by the kinematics, zeros excepted.
function placeAxes(model: CompiledModel, lowering: Lowering, workspace: WorkspacePlan): number {
  const axes = Array.from({ length: 6 * model.nv }, () => 0);
  for (const { kind, joints, directions } of lowering.trees) {
    joints.forEach((joint, k) => {
      const dof = model.jntDofAdr[joint];
      const rows = kind === 2 ? [0, 1, 2].map((i) => IDENTITY.slice(3 * i, 3 * i + 3)) : [directions[k]];
      rows.forEach((direction, i) => {
        for (let c = 0; c < 3; c++) axes[6 * (dof + i) + 3 + c] = direction[c];
      });
    });
  }
  return workspace.constants(axes);
}

/** Place of the pose of a body that is moved by hand. */
export function mocapPlace(header: Int32Array, mocap: number): number {
  return header[Header.mocapPoses] + 16 * 7 * mocap;
}
