// Tables of what is read off an evaluation (assembly/physics/observe-model.ts): points, geoms and bodies, by the links that carry
// them, and the places of the results in a workspace.

import { type CompiledModel, JointType } from "./compiled.js";
import { Header, type Layout, mocapPlace } from "./layout.js";
import type { SlotPlaces } from "./contact-slots.js";
import { type Matrix, matrixAt, multiply, rotate, sum, turned, type Vector, vectorAt } from "./rotation.js";
import type { WorkspacePlan } from "./tables.js";

/** What can be observed of an evaluation, as bits. */
export const Observe = {
  points: 1,
  quaternions: 2,
  matrices: 4,
  centers: 8,
  inertias: 16,
  velocities: 32,
  forces: 64,
} as const;

/** Header words. */
export const Observed = {
  points: 96,
  pointWords: 97,
  pointReals: 98,
  xpoint: 99,
  geoms: 100,
  geomWords: 101,
  geomReals: 102,
  geomXmat: 103,
  geomXquat: 104,
  bodies: 105,
  bodyWords: 106,
  bodyReals: 107,
  turnWords: 108,
  turnReals: 109,
  xquat: 110,
  subtreeCom: 111,
  subtreeLinvel: 112,
  cinert: 113,
  cvel: 114,
  cfrcExt: 115,
  center: 116,
  subtreeCenter: 117,
  touchWords: 118,
} as const;

/** First point of each kind, in the order of the table: origins of bodies, their centers of mass, geoms, sites. @internal */
export function firstPoints({ nbody, ngeom }: CompiledModel) {
  return { body: 0, center: nbody, geom: 2 * nbody, site: 2 * nbody + ngeom };
}

/** Adds the tables and places of observations to a layout. */
export function placeObservations(model: CompiledModel, layout: Layout, slots: readonly SlotPlaces[]): void {
  const { tables, trees } = layout;
  writePoints(model, layout);
  writeGeoms(model, layout);
  writeBodies(model, layout);
  const touches = slots.flatMap(({ pair, tree }) => {
    return [model.geomBody[pair.geom1], model.geomBody[pair.geom2], trees[tree].origin, 0];
  });
  tables.header[Observed.touchWords] = tables.words(touches);
  placeResults(model, layout.tables.header, layout.workspace);
}

function placeResults({ nbody, ngeom }: CompiledModel, header: Int32Array, workspace: WorkspacePlan): void {
  header[Observed.xpoint] = workspace.place(3 * header[Observed.points]);
  header[Observed.geomXmat] = workspace.place(9 * ngeom);
  header[Observed.geomXquat] = workspace.place(4 * ngeom);
  header[Observed.xquat] = workspace.place(4 * nbody);
  header[Observed.subtreeCom] = workspace.place(3 * nbody);
  header[Observed.subtreeLinvel] = workspace.place(3 * nbody);
  header[Observed.cinert] = workspace.place(10 * nbody);
  header[Observed.cvel] = workspace.place(6 * nbody);
  header[Observed.cfrcExt] = workspace.place(6 * nbody);
  header[Observed.center] = workspace.place(3 * nbody);
  header[Observed.subtreeCenter] = workspace.place(3 * nbody);
}

function writePoints(model: CompiledModel, { tables, lowering, links, trees }: Layout): void {
  const { header } = tables;
  const { nbody, ngeom, nsite } = model;
  const words: number[] = [];
  const reals: number[] = [];
  const add = (body: number, inBody: Vector) => {
    const l = lowering.bodyLink[body];
    words.push(links[l].rotation, links[l].position, trees[lowering.links[l].tree].origin, 0);
    reals.push(...sum(lowering.bodyPosition[body], rotate(lowering.bodyRotation[body], inBody)), 0);
  };
  for (let body = 0; body < nbody; body++) add(body, [0, 0, 0]);
  for (let body = 0; body < nbody; body++) add(body, vectorAt(model.bodyIpos, body));
  for (let geom = 0; geom < ngeom; geom++) add(model.geomBody[geom], vectorAt(model.geomPos, geom));
  for (let site = 0; site < nsite; site++) add(model.siteBody[site], vectorAt(model.sitePos, site));
  header[Observed.points] = words.length / 4;
  header[Observed.pointWords] = tables.words(words);
  header[Observed.pointReals] = tables.reals(reals);
}

function writeGeoms(model: CompiledModel, { tables, lowering, links }: Layout): void {
  const { header } = tables;
  const words: number[] = [];
  const reals: number[] = [];
  for (let geom = 0; geom < model.ngeom; geom++) {
    const body = model.geomBody[geom];
    words.push(links[lowering.bodyLink[body]].rotation, body);
    reals.push(...multiply(lowering.bodyRotation[body], matrixAt(model.geomQuat, geom)));
    reals.push(...model.geomQuat.subarray(4 * geom, 4 * geom + 4), 0, 0, 0);
  }
  header[Observed.geoms] = model.ngeom;
  header[Observed.geomWords] = tables.words(words);
  header[Observed.geomReals] = tables.reals(reals);
}

function writeBodies(model: CompiledModel, { tables, lowering, links, trees }: Layout): void {
  const { header } = tables;
  const { nbody, bodyParent, bodyRoot } = model;
  const words: number[] = [];
  const reals: number[] = [];
  const turns = { words: [] as number[], reals: [] as number[] };
  const subtreeMass = [...model.bodyMass];
  for (let body = nbody - 1; body > 0; body--) subtreeMass[bodyParent[body]] += subtreeMass[body];
  for (let body = 0; body < nbody; body++) {
    const l = lowering.bodyLink[body];
    const { rotation, position, velocity } = links[l];
    const tree = lowering.links[l].tree;
    const first = turns.words.length / 2;
    writeTurns(model, header[Header.qpos], body, turns);
    if (model.bodyMocap[body] >= 0) {
      turns.words.push(0, mocapPlace(header, model.bodyMocap[body]));
      turns.reals.push(0, 0, 0, 0);
    }
    words.push(rotation, position, trees[tree].origin, velocity, trees[tree].originVelocity);
    words.push(trees[treeOf(model, lowering, bodyRoot[body])].origin, bodyParent[body], bodyRoot[body]);
    words.push(first, turns.words.length / 2 - first, subtreeMass[body] > 0 ? 1 : 0, 0);
    const frame = lowering.bodyRotation[body];
    const [a, b, c] = vectorAt(model.bodyInertia, body);
    const axes = multiply(frame, matrixAt(model.bodyIquat, body));
    const I: Matrix = turned(axes, [a, 0, 0, 0, b, 0, 0, 0, c]);
    reals.push(model.bodyMass[body], subtreeMass[body], subtreeMass[body] > 0 ? 1 / subtreeMass[body] : 0);
    reals.push(...sum(lowering.bodyPosition[body], rotate(frame, vectorAt(model.bodyIpos, body))));
    reals.push(I[0], I[4], I[8], I[1], I[2], I[5], ...model.bodyQuat.subarray(4 * body, 4 * body + 4));
  }
  header[Observed.bodies] = nbody;
  header[Observed.bodyWords] = tables.words(words);
  header[Observed.bodyReals] = tables.reals(reals);
  header[Observed.turnWords] = tables.words(turns.words);
  header[Observed.turnReals] = tables.reals(turns.reals);
}

// the tree that the positions of a body-tree refer to: its own, or, where its top stands still, the first that moves
function treeOf(model: CompiledModel, { bodyLink, links }: Layout["lowering"], root: number): number {
  for (let body = root; body < model.nbody; body++) {
    if (model.bodyRoot[body] === root && bodyLink[body] > 0) return links[bodyLink[body]].tree;
  }
  return 0;
}

// the joints of a body that turn it
function writeTurns(
  model: CompiledModel,
  qposPlace: number,
  body: number,
  turns: { words: number[]; reals: number[] },
): void {
  const first = model.bodyJntAdr[body];
  for (let joint = first; joint < first + model.bodyJntNum[body]; joint++) {
    if (model.jntType[joint] === JointType.slide) continue;
    const qpos = model.jntQposAdr[joint];
    turns.words.push(model.jntType[joint] === JointType.free ? 0 : 1, qposPlace + 16 * qpos);
    turns.reals.push(model.qpos0[qpos], ...vectorAt(model.jntAxis, joint));
  }
}
