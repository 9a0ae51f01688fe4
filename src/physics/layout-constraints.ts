// Tables of collision and of the constraint solver: which points of which geoms may touch, the degrees of freedom that move
// them against each other, and everything of impedance and reference acceleration that no state changes. The numbers are
// those of assembly/physics/constraint-model.ts.

import { type CompiledModel, type ContactPair, GeomType, JointType } from "./compiled.js";
import { Header, type Layout, pattern } from "./layout.js";
import { LinkKind } from "./lower.js";
import { IDENTITY, type Matrix, matrixAt, multiply, rotate, scaled, sum, type Vector, vectorAt } from "./rotation.js";

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

/** Bounds that MuJoCo puts on the impedance and its midpoint, on friction, and on what it divides by. */
const LEAST_IMPEDANCE = 1e-4;
const MOST_IMPEDANCE = 0.9999;
export const LEAST_FRICTION = 1e-5;
const TINY = 1e-15;

const PairKind = { planeSphere: 0, planeCapsule: 1, sphereSphere: 2, sphereCapsule: 3, capsuleCapsule: 4 } as const;
const ENTRY_TURNS = 1;
const ENTRY_FIRST = 2;
const ENTRY_OTHER = 4;

/** Where a slot's quantities are, for readers of contacts. */
export interface SlotPlaces {
  readonly pair: ContactPair;
  /** Byte offset of distance, point (3), normal (3), first tangent (3), D, residual (3), its change (3), Jacobian. */
  readonly place: number;
  /** Tree whose origin the point is about. */
  readonly tree: number;
  /** Tangents with rows of their own: 0 without friction, 2, or 1 where motion is in a plane and the other's are the normal's. */
  readonly tangents: 0 | 1 | 2;
}

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

/** What moves with a tree. */
interface Moved {
  readonly tree: number;
  /** Degrees of freedom that move it, from the root on. */
  readonly chain: readonly number[];
}

/** A geom on its link. */
interface Placed extends Moved {
  readonly link: number;
  readonly center: Vector;
  readonly axis: Vector;
  readonly radius: number;
  readonly half: number;
}

interface Slot extends SlotPlaces {
  readonly first: Placed;
  readonly second: Placed;
  /** The geom of a point and a floor that moves; the point in its link's frame. */
  readonly floor: Floor | undefined;
  readonly point: Vector;
  readonly along: boolean;
  readonly entries: readonly Entry[];
  readonly couples: boolean;
}

interface Entry {
  readonly dof: number;
  readonly flags: number;
}

/** A plane that stands still, normal along an axis of the world. */
interface Floor {
  readonly axis: number;
  readonly sign: number;
  readonly height: number;
}

function placeGeom(model: CompiledModel, { lowering, chains }: Layout, geom: number): Placed {
  const body = model.geomBody[geom];
  const link = lowering.bodyLink[body];
  const frame = lowering.bodyRotation[body];
  const turned = multiply(frame, matrixAt(model.geomQuat, geom));
  const [radius, half] = vectorAt(model.geomSize, geom);
  return {
    link,
    tree: lowering.links[link].tree,
    chain: chainOf(model, chains, body),
    center: sum(lowering.bodyPosition[body], rotate(frame, vectorAt(model.geomPos, geom))),
    axis: [turned[2], turned[5], turned[8]],
    radius,
    half: model.geomType[geom] === GeomType.capsule ? half : 0,
  };
}

// degrees of freedom that move a body, from the root on
function chainOf(model: CompiledModel, chains: Layout["chains"], body: number): readonly number[] {
  let moving = body;
  while (moving > 0 && model.bodyDofNum[moving] === 0) moving = model.bodyParent[moving];
  return moving > 0 ? chains[model.bodyDofAdr[moving] + model.bodyDofNum[moving] - 1] : [];
}

function floorOf(plane: Placed): Floor | undefined {
  if (plane.link > 0) return undefined;
  const axis = plane.axis.findIndex((x) => Math.abs(x) > 1 - 1e-14);
  if (axis < 0) return undefined;
  const sign = Math.sign(plane.axis[axis]);
  return { axis, sign, height: sign * plane.center[axis] };
}

function kindOf(model: CompiledModel, { geom1, geom2 }: ContactPair): number {
  const { plane, sphere, capsule } = GeomType;
  const kinds: readonly (readonly [number, number])[] = [
    [plane, sphere],
    [plane, capsule],
    [sphere, sphere],
    [sphere, capsule],
    [capsule, capsule],
  ];
  const kind = kinds.findIndex(([a, b]) => model.geomType[geom1] === a && model.geomType[geom2] === b);
  if (kind < 0) {
    const name = (g: number) => JSON.stringify(model.geomName[g] || `#${g}`);
    throw new RangeError(
      `model: geoms ${name(geom1)} and ${name(geom2)} can touch, but not planes, spheres and capsules`,
    );
  }
  return kind;
}

// Common ancestors move both geoms alike: what remains is the symmetric difference of the chains.
function entriesOf(model: CompiledModel, first: Moved, second: Moved): Entry[] {
  const one = first.chain.filter((dof) => !second.chain.includes(dof));
  const two = second.chain.filter((dof) => !first.chain.includes(dof));
  const apart = first.tree !== second.tree && two.length > 0;
  const flags = (dof: number) => {
    const joint = model.dofJnt[dof];
    const free = model.jntType[joint] === JointType.free;
    const turns = free ? dof >= model.jntDofAdr[joint] + 3 : model.jntType[joint] === JointType.hinge;
    return turns ? ENTRY_TURNS : 0;
  };
  const entries = [
    ...one.map((dof) => ({ dof, flags: flags(dof) | ENTRY_FIRST | (apart ? ENTRY_OTHER : 0) })),
    ...two.map((dof) => ({ dof, flags: flags(dof) })),
  ];
  return entries.sort((a, b) => a.dof - b.dof);
}

function placeSlots(model: CompiledModel, layout: Layout): Slot[] {
  const slots: Slot[] = [];
  const rest: Slot[] = [];
  for (const pair of model.pairs) {
    const kind = kindOf(model, pair);
    const first = placeGeom(model, layout, pair.geom1);
    const second = placeGeom(model, layout, pair.geom2);
    const entries = entriesOf(model, first, second);
    const couples = joinsBranches(entries, layout);
    const tree = second.chain.length ? second.tree : first.tree;
    const floor = kind <= PairKind.planeCapsule ? floorOf(first) : undefined;
    const double = kind === PairKind.planeCapsule || kind === PairKind.capsuleCapsule;
    const along = kind === PairKind.planeCapsule;
    const tangents = pair.condim === 1 ? 0 : along && inPlane(layout, first, second) ? 1 : 2;
    for (const end of double ? [1, -1] : [0]) {
      const point = sum(second.center, scaled(second.axis, end * second.half));
      const place = layout.workspace.place(17 + entries.length * (1 + tangents));
      (floor ? slots : rest).push({
        pair,
        place,
        tree,
        tangents,
        first,
        second,
        floor,
        point,
        along,
        entries,
        couples,
      });
    }
  }
  return [...slots, ...rest];
}

// A capsule on a plane that stands still, both with their axes in the one plane that the capsule can move in: the second
// tangent is across it, and nothing moves along that. Axes are those at rest, which turns about parallel axes do not alter.
function inPlane({ lowering }: Layout, plane: Placed, capsule: Placed): boolean {
  if (plane.link > 0 || capsule.chain.length === 0) return false;
  const rotationOf = (l: number): Matrix => {
    const { kind, parent, turned } = lowering.links[l];
    if (l === 0 || kind === LinkKind.fixed) return IDENTITY;
    return kind === LinkKind.slide ? rotationOf(parent) : multiply(rotationOf(parent), turned);
  };
  const across: Vector[] = [];
  const along: Vector[] = [plane.axis, rotate(rotationOf(capsule.link), capsule.axis)];
  for (let l = capsule.link; lowering.links[l].kind !== LinkKind.fixed; l = lowering.links[l].parent) {
    const { kind, parent, axis } = lowering.links[l];
    if (kind === LinkKind.ball || kind === LinkKind.mocap) return false;
    if (kind === LinkKind.slide) along.push(rotate(rotationOf(parent), axis));
    else across.push(rotate(rotationOf(l), [0, 0, 1]));
  }
  along.push(...lowering.trees[capsule.tree].directions);
  const [normal] = across;
  if (normal === undefined) return false;
  const dot = (v: Vector) => Math.abs(v[0] * normal[0] + v[1] * normal[1] + v[2] * normal[2]);
  return across.every((axis) => dot(axis) > 1 - 1e-12) && along.every((direction) => dot(direction) < 1e-12);
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
    const apart = entries.some(({ flags }) => flags & ENTRY_OTHER);
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

function entryWords({ tables, chains, rows }: Layout, entries: readonly Entry[]): number[] {
  const { header } = tables;
  return entries.flatMap(({ dof, flags }) => {
    const column = 16 * (chains[dof].length - 1);
    return [header[Header.cdof] + 96 * dof, 16 * dof, flags, rows[dof], column, 8 * dof * (dof + 1), 16 * dof, 0];
  });
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

// are two of them on different branches?
function joinsBranches(entries: readonly Entry[], { chains }: Layout): boolean {
  return entries.some(({ dof }) => entries.some((e) => e.dof < dof && !chains[dof].includes(e.dof)));
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

// what D divides imp / (1 − imp) by
function contactWeight(model: CompiledModel, { geom1, geom2, condim }: ContactPair, friction: number): number {
  const weight = (geom: number) => model.bodyInvweight0[2 * model.geomBody[geom]];
  const translation = weight(geom1) + weight(geom2);
  if (condim === 1) return translation;
  const square = friction * friction;
  return ((2 * square) / model.option.impratio) * translation * (1 + square);
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

// 0 squares around the middle, 1 straight, 2 any power
function curveOf(solimp: ArrayLike<number>): number {
  const power = Math.max(1, solimp[4]);
  return power === 1 ? 1 : power === 2 ? 0 : 2;
}

// the reals of SOFT
function soft(
  { option }: CompiledModel,
  solref: ArrayLike<number>,
  solimp: ArrayLike<number>,
  weight: number,
): number[] {
  const least = clamp(solimp[0], LEAST_IMPEDANCE, MOST_IMPEDANCE);
  const most = clamp(solimp[1], LEAST_IMPEDANCE, MOST_IMPEDANCE);
  const width = Math.max(0, solimp[2]);
  const midpoint = clamp(solimp[3], LEAST_IMPEDANCE, MOST_IMPEDANCE);
  const power = Math.max(1, solimp[4]);
  const flat = least === most || width <= TINY;
  let [time, ratio] = [solref[0], solref[1]];
  let stiff = -time / Math.max(TINY, most * most);
  let damp = -ratio / Math.max(TINY, most);
  if (time > 0) {
    if (option.refsafe) time = Math.max(time, 2 * option.timestep);
    stiff = 1 / Math.max(TINY, most * most * time * time * ratio * ratio);
    damp = 2 / Math.max(TINY, most * time);
  }
  return [
    stiff,
    damp,
    1 / Math.max(TINY, weight),
    flat ? (least + most) / 2 : least,
    flat ? 0 : most - least,
    flat ? 1 : 1 / width,
    midpoint,
    1 / midpoint,
    1 / (1 - midpoint),
    power,
  ];
}
