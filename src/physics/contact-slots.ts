// Points where geoms may touch: a slot for each end of a capsule, one for a sphere, of every pair that the file lets collide. Found
// once, from what no state changes: kinds of geoms, floors that stand still, motion that stays in a plane.

import { type CompiledModel, type ContactPair, GeomType } from "./compiled.js";
import { chainOf, type Entry, entriesOf, joinsBranches, type Moved } from "./constraint-jacobian.js";
import type { Layout } from "./layout.js";
import { LinkKind } from "./lower.js";
import { IDENTITY, type Matrix, matrixAt, multiply, rotate, scaled, sum, type Vector, vectorAt } from "./rotation.js";

/** Kinds of pairs, those of assembly/physics/constraint-model.ts. */
export const PairKind = {
  planeSphere: 0,
  planeCapsule: 1,
  sphereSphere: 2,
  sphereCapsule: 3,
  capsuleCapsule: 4,
} as const;

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

/** A geom on its link. */
export interface Placed extends Moved {
  readonly link: number;
  readonly center: Vector;
  readonly axis: Vector;
  readonly radius: number;
  readonly half: number;
}

/** A slot with all that its tables tell. */
export interface Slot extends SlotPlaces {
  readonly first: Placed;
  readonly second: Placed;
  /** The geom of a point and a floor that moves; the point in its link's frame. */
  readonly floor: Floor | undefined;
  readonly point: Vector;
  readonly along: boolean;
  readonly entries: readonly Entry[];
  readonly couples: boolean;
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

function floorOf(plane: Placed): Floor | undefined {
  if (plane.link > 0) return undefined;
  const axis = plane.axis.findIndex((x) => Math.abs(x) > 1 - 1e-14);
  if (axis < 0) return undefined;
  const sign = Math.sign(plane.axis[axis]);
  return { axis, sign, height: sign * plane.center[axis] };
}

/** Of `PairKind`; throws `RangeError` for geoms of which the kernels know no contacts. */
export function kindOf(model: CompiledModel, { geom1, geom2 }: ContactPair): number {
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

/** All slots in order, those of floors first; each gets its place in the workspace. */
export function placeSlots(model: CompiledModel, layout: Layout): Slot[] {
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
