// Tables of collision and of the constraint solver: the points where geoms may touch, limits of joints, welds, and the pattern of
// the solver's Hessian. The numbers are those of assembly/physics/constraint-model.ts.

import { type CompiledModel, JointType } from "./compiled.js";
import {
  acrossTrees,
  chainOf,
  type Entry,
  entriesOf,
  entryWords,
  joinsBranches,
  type Moved,
} from "./constraint-jacobian.js";
import { kindOf, PairKind, type Placed, placeSlots, type Slot, type SlotPlaces } from "./contact-slots.js";
import { contactWeight, curveOf, LEAST_FRICTION, soft, TINY } from "./impedance.js";
import { Header, type Layout, pattern } from "./layout.js";
import { matrixAt, multiply, rotate, sum } from "./rotation.js";

/** Header words. */
export const ConstraintHeader = {
  slots: 48,
  slotWords: 49,
  slotReals: 50,
  floors: 51,
  shapes: 52,
  shapeWords: 53,
  shapeReals: 54,
  pairs: 55,
  pairWords: 56,
  pairReals: 57,
  limits: 58,
  limitWords: 59,
  limitReals: 60,
  activeSlots: 61,
  activeLimits: 62,
  hessian: 63,
  gradient: 64,
  search: 65,
  step: 66,
  massSearch: 67,
  massStep: 68,
  iterations: 69,
  welds: 70,
  weldWords: 71,
  weldReals: 72,
  weldsCouple: 73,
} as const;

/** Writes the tables and the header's words; returns the slots in order. */
export function layOutConstraints(model: CompiledModel, layout: Layout): SlotPlaces[] {
  const { tables, workspace } = layout;
  const { header } = tables;
  const { nv } = model;
  const { constraint, contact, limit, equality } = model.option;
  const slots = constraint && contact ? placeSlots(model, layout) : [];
  const welds = constraint && equality ? placeWelds(model, layout) : [];
  if ([...slots, ...welds].some(({ couples }) => couples)) writeFullPattern(nv, layout);
  writeSlots(model, layout, slots);
  writeLimits(model, layout, constraint && limit);
  writeWelds(model, layout, welds);
  header[ConstraintHeader.activeSlots] = workspace.place(Math.ceil((1 + slots.length) / 4));
  header[ConstraintHeader.hessian] = workspace.place(header[Header.hessianSize]);
  for (const name of ["gradient", "search", "step", "massSearch", "massStep"] as const) {
    header[ConstraintHeader[name]] = workspace.place(nv);
  }
  header[ConstraintHeader.iterations] = workspace.place(1);
  return slots;
}

function writeFullPattern(nv: number, { tables }: Layout): void {
  const { header } = tables;
  const chains = Array.from({ length: nv }, (_, i) => Array.from({ length: i + 1 }, (_, j) => j));
  const rows = chains.map((_, i) => 8 * i * (i + 1));
  header[Header.hessianPattern] = tables.words(pattern(tables, chains, rows));
  header[Header.hessianSize] = (nv * (nv + 1)) / 2;
}

function writeSlots(model: CompiledModel, layout: Layout, slots: readonly Slot[]): void {
  const { tables, links, trees } = layout;
  const { header } = tables;
  const words: number[] = [];
  const reals: number[] = [];
  for (const { pair, place, tangents, floor, first, second, point, along, entries, couples } of slots) {
    const { rotation, position } = links[second.link];
    const axis = floor?.axis ?? 0;
    const origin = trees[second.tree].origin;
    const apart = acrossTrees(entries);
    words.push(rotation, position, axis, rotation + 48 * axis, position + 16 * axis, origin + 16 * axis, along ? 1 : 0);
    words.push(tangents, place, tables.words(entryWords(layout, entries)), entries.length);
    words.push(couples ? 1 : 0, curveOf(pair.solimp), apart ? trees[first.tree].origin : 0, apart ? origin : 0);
    words.push(0, 0, 0, 0, 0);
    const friction = pair.friction.map((mu) => Math.max(mu, LEAST_FRICTION));
    const level = (floor?.height ?? 0) + second.radius;
    reals.push(pair.margin + pair.gap, pair.margin, floor?.sign ?? 1, ...point, ...second.axis, second.radius, level);
    reals.push(...friction, ...soft(model, pair.solref, pair.solimp, contactWeight(model, pair, friction[0])), 0, 0, 0);
  }
  header[ConstraintHeader.slots] = slots.length;
  header[ConstraintHeader.floors] = slots.filter(({ floor }) => floor).length;
  header[ConstraintHeader.slotWords] = tables.words(words);
  header[ConstraintHeader.slotReals] = tables.reals(reals);
  writePairs(model, layout, slots);
}

// every two geoms but a point and a floor, and the shapes of those that move
function writePairs(model: CompiledModel, layout: Layout, slots: readonly Slot[]): void {
  const { tables, workspace, links, trees, lowering } = layout;
  const { header } = tables;
  const shapes = new Map<number, number>();
  const shapeWords: number[] = [];
  const shapeReals: number[] = [];
  const shapeOf = (geom: number, { link, center, axis }: Placed): number => {
    const known = shapes.get(geom);
    if (known !== undefined) return known;
    const still = lowering.links[link].kind === 0;
    const place = still ? workspace.constants([...center, ...axis]) : workspace.place(6);
    shapes.set(geom, place);
    if (!still) {
      shapeWords.push(links[link].rotation, links[link].position, place, 0);
      shapeReals.push(...center, ...axis);
    }
    return place;
  };
  const words: number[] = [];
  const reals: number[] = [];
  slots.forEach(({ pair, place, floor, first, second, tree }, s) => {
    if (floor || slots[s - 1]?.pair === pair) return;
    const kind = kindOf(model, pair);
    const shift = (from: Placed) => (from.tree === tree ? [0, 0] : [trees[from.tree].origin, trees[tree].origin]);
    words.push(kind, shapeOf(pair.geom1, first), shapeOf(pair.geom2, second), ...shift(first), ...shift(second), s);
    const next = slots[s + 1];
    words.push(place, next?.pair === pair ? next.place : place, 0, 0);
    const plane = kind <= PairKind.planeCapsule;
    const size = second.radius + second.half + (plane ? 0 : first.radius + first.half);
    // somewhat more than what touches, so that rounding loses no contact
    const reach = Math.max(0, size + pair.margin + pair.gap) * (1 + 1e-5);
    reals.push(plane ? reach : reach * reach, plane ? 0 : first.radius, second.radius, first.half, second.half, 0);
  });
  header[ConstraintHeader.pairs] = words.length / 12;
  header[ConstraintHeader.pairWords] = tables.words(words);
  header[ConstraintHeader.pairReals] = tables.reals(reals);
  header[ConstraintHeader.shapes] = shapeWords.length / 4;
  header[ConstraintHeader.shapeWords] = tables.words(shapeWords);
  header[ConstraintHeader.shapeReals] = tables.reals(shapeReals);
}

function writeLimits(model: CompiledModel, { tables, workspace, chains, rows }: Layout, on: boolean): void {
  const { header } = tables;
  const words: number[] = [];
  const reals: number[] = [];
  const add = (joint: number, lower: number, upper: number) => {
    const dof = model.jntDofAdr[joint];
    const solref = model.jntSolref.subarray(2 * joint, 2 * joint + 2);
    const solimp = model.jntSolimp.subarray(5 * joint, 5 * joint + 5);
    words.push(header[Header.qpos] + 16 * model.jntQposAdr[joint], 16 * dof, workspace.place(4));
    words.push(rows[dof] + 16 * (chains[dof].length - 1), 8 * dof * (dof + 1) + 16 * dof, curveOf(solimp));
    reals.push(lower, upper, model.jntMargin[joint], ...soft(model, solref, solimp, model.dofInvweight0[dof]));
  };
  for (let joint = 0; joint < model.njnt; joint++) {
    if (!on || !model.jntLimited[joint] || model.jntType[joint] === JointType.free) continue;
    const [lower, upper] = model.jntRange.subarray(2 * joint, 2 * joint + 2);
    // both ends in one, unless a joint can be at both at once
    if (upper - lower > 2 * model.jntMargin[joint]) add(joint, lower, upper);
    else {
      add(joint, lower, Infinity);
      add(joint, -Infinity, upper);
    }
  }
  const count = words.length / 6;
  header[ConstraintHeader.limits] = count;
  header[ConstraintHeader.limitWords] = tables.words(words);
  header[ConstraintHeader.limitReals] = tables.reals(reals);
  header[ConstraintHeader.activeLimits] = workspace.place(Math.ceil((1 + count) / 4));
}

interface WeldPlace {
  readonly weld: number;
  readonly entries: readonly Entry[];
  readonly couples: boolean;
}

// those that hold, and have something to hold
function placeWelds(model: CompiledModel, layout: Layout): WeldPlace[] {
  const moved = (body: number): Moved => {
    const { links, bodyLink } = layout.lowering;
    return { tree: links[bodyLink[body]].tree, chain: chainOf(model, layout.chains, body) };
  };
  return Array.from({ length: model.neq }, (_, weld) => {
    const entries = entriesOf(model, moved(model.eqObj1[weld]), moved(model.eqObj2[weld]));
    return { weld, entries, couples: joinsBranches(entries, layout) };
  }).filter(({ weld, entries }) => model.eqActive[weld] && entries.length > 0);
}

function writeWelds(model: CompiledModel, layout: Layout, welds: readonly WeldPlace[]): void {
  const { tables, workspace, links, trees, lowering } = layout;
  const { header } = tables;
  const words: number[] = [];
  const reals: number[] = [];
  for (const { weld, entries } of welds) {
    const bodies = [model.eqObj1[weld], model.eqObj2[weld]];
    for (const body of bodies) {
      const l = lowering.bodyLink[body];
      const { rotation, position, velocity, acceleration } = links[l];
      words.push(rotation, position, trees[lowering.links[l].tree].origin, velocity, acceleration);
    }
    // residuals, changes, D twice, a frame, the Jacobian
    words.push(workspace.place(23 + 6 * entries.length), tables.words(entryWords(layout, entries)), entries.length);
    const solimp = model.eqSolimp.subarray(5 * weld, 5 * weld + 5);
    words.push(curveOf(solimp));
    const data = model.eqData.subarray(11 * weld, 11 * weld + 11);
    const [frame1, frame2] = bodies.map((body) => lowering.bodyRotation[body]);
    const point = (body: number, at: number) =>
      sum(lowering.bodyPosition[body], rotate(lowering.bodyRotation[body], [data[at], data[at + 1], data[at + 2]]));
    reals.push(...point(bodies[0], 3), ...point(bodies[1], 0));
    reals.push(...multiply(frame1, matrixAt(data.subarray(6, 10), 0)), ...frame2, data[10]);
    const weight = (k: number) => bodies.reduce((total, body) => total + model.bodyInvweight0[2 * body + k], 0);
    reals.push(...soft(model, model.eqSolref.subarray(2 * weld, 2 * weld + 2), solimp, weight(0)));
    reals.push(1 / Math.max(TINY, weight(1)));
  }
  header[ConstraintHeader.welds] = welds.length;
  header[ConstraintHeader.weldWords] = tables.words(words);
  header[ConstraintHeader.weldReals] = tables.reals(reals);
  header[ConstraintHeader.weldsCouple] = welds.some(({ couples }) => couples) ? 1 : 0;
}
