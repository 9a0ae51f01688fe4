// Pairs of geoms that can touch: MuJoCo's filters by body and by bit masks, the exclusions of the file, and the mixing of
// two geoms' parameters into those of their contact.

import { type CompiledModel, type ContactPair, GeomType } from "../compiled.js";
import { readName, unsupported } from "./attributes.js";
import { MAX_PAIRS } from "./limits.js";
import type { Geom } from "./geoms.js";
import type { ReadOptions } from "./options.js";
import { clip, fail, type Node } from "./xml.js";

// least friction, and least weight of a mixture
const LEAST_FRICTION = 1e-5;
const LEAST_WEIGHT = 1e-15;

type Bodies = Pick<CompiledModel, "bodyName" | "bodyParent" | "bodyWeld" | "bodyDofNum" | "geomBody">;

/** The pairs of a model; none where contacts are switched off. */
export function contactPairs(
  geoms: readonly Geom[],
  bodies: Bodies,
  { option, elliptic }: ReadOptions,
  sections: readonly Node[],
): ContactPair[] {
  const excluded = readExclusions(sections, bodies);
  if (!option.contact || !option.constraint) return [];
  const pairs: ContactPair[] = [];
  const yields: boolean[] = [];
  bodies.bodyParent.forEach((parent, body) => {
    yields.push(bodies.bodyDofNum[body] > 0 || (body > 0 && yields[parent]));
  });
  for (let second = 0; second < geoms.length; second++) {
    for (let first = 0; first < second; first++) {
      if (!canTouch(geoms[first], geoms[second])) continue;
      const [a, b] = [bodies.geomBody[first], bodies.geomBody[second]];
      // what stands still and what is moved by hand push nothing of each other
      if (!yields[a] && !yields[b]) continue;
      if (bodiesApart(bodies, a, b, option.filterparent) || excluded.has(key(a, b))) continue;
      const ordered = geoms[first].spec.type <= geoms[second].spec.type;
      const [one, other] = ordered ? [first, second] : [second, first];
      if (pairs.length === MAX_PAIRS) fail(geoms[second].node, `takes the pairs that can touch beyond ${MAX_PAIRS}`);
      pairs.push({ geom1: one, geom2: other, ...mix(geoms[one], geoms[other]) });
    }
  }
  const sliding = pairs.find(({ condim }) => condim > 1);
  if (elliptic !== undefined && sliding !== undefined) {
    unsupported(elliptic, "cone", "this engine has pyramidal friction cones");
  }
  return pairs.sort((p, q) => low(p) - low(q) || high(p) - high(q));
}

const low = ({ geom1, geom2 }: ContactPair): number => Math.min(geom1, geom2);
const high = ({ geom1, geom2 }: ContactPair): number => Math.max(geom1, geom2);
const key = (a: number, b: number): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

function readExclusions(sections: readonly Node[], { bodyName }: Bodies): Set<string> {
  const excluded = new Set<string>();
  for (const node of sections.flatMap(({ children }) => children)) {
    const [a, b] = ["body1", "body2"].map((attribute) => {
      const name = readName(node, attribute) ?? fail(node, `needs an attribute "${attribute}"`);
      const body = bodyName.indexOf(name);
      return body >= 0 ? body : fail(node, `${attribute}="${clip(name)}": there is no such body`);
    });
    excluded.add(key(a, b));
  }
  return excluded;
}

function canTouch({ spec: a }: Geom, { spec: b }: Geom): boolean {
  const planes = a.type === GeomType.plane && b.type === GeomType.plane;
  return !planes && ((a.contype & b.conaffinity) !== 0 || (b.contype & a.conaffinity) !== 0);
}

// welded to each other (the world and what is static among it), or parent and child, unless the parent is the world
function bodiesApart({ bodyParent, bodyWeld }: Bodies, a: number, b: number, filterparent: boolean): boolean {
  const [weldA, weldB] = [bodyWeld[a], bodyWeld[b]];
  if (weldA === weldB) return true;
  if (!filterparent || weldA === 0 || weldB === 0) return false;
  return weldA === bodyWeld[bodyParent[weldB]] || weldB === bodyWeld[bodyParent[weldA]];
}

function mix(one: Geom, other: Geom): Omit<ContactPair, "geom1" | "geom2"> {
  const [a, b] = [one.spec, other.spec];
  const leader = a.priority > b.priority ? a : a.priority < b.priority ? b : undefined;
  const condim = leader?.condim ?? Math.max(a.condim, b.condim);
  if (condim > 3) {
    const culprit = (leader ?? (a.condim > b.condim ? a : b)) === a ? one.node : other.node;
    unsupported(culprit, "condim", "contacts slide (3) or are frictionless (1), without torsion and rolling");
  }
  const weight = leader === a ? 1 : leader === b ? 0 : shareOf(a.solmix, b.solmix);
  const blend = (x: readonly number[], y: readonly number[]): number[] => {
    if (leader !== undefined) return [...(leader === a ? x : y)];
    return x.map((value, i) => weight * value + (1 - weight) * y[i]);
  };
  const standard = leader !== undefined || (a.solref[0] > 0 && b.solref[0] > 0);
  const [timeconst, dampratio] = standard
    ? blend(a.solref, b.solref)
    : a.solref.map((value, i) => Math.min(value, b.solref[i]));
  const [d0, dwidth, width, midpoint, power] = blend(a.solimp, b.solimp);
  const sliding = Math.max(LEAST_FRICTION, leader?.friction[0] ?? Math.max(a.friction[0], b.friction[0]));
  return {
    condim: condim as 1 | 3,
    friction: [sliding, sliding],
    solref: [timeconst, dampratio],
    solimp: [d0, dwidth, width, midpoint, power],
    margin: a.margin + b.margin,
    gap: a.gap + b.gap,
  };
}

function shareOf(a: number, b: number): number {
  if (a >= LEAST_WEIGHT && b >= LEAST_WEIGHT) return a / (a + b);
  if (a < LEAST_WEIGHT && b < LEAST_WEIGHT) return 0.5;
  return a < LEAST_WEIGHT ? 0 : 1;
}
