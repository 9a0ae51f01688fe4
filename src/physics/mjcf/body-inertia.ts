// The inertia of a body: of its <inertial>, or of its geoms, corrected and checked as <compiler> says.

import { has, readNumber, readNumbers } from "./attributes.js";
import { type Frame, type Orientation, readOrientation, resolveOrientation } from "./frames.js";
import { geomSolid } from "./geoms.js";
import { merge, principalAxes } from "./inertia.js";
import type { CompilerRules } from "./options.js";
import type { Body } from "./tree.js";
import { fail, type Node } from "./xml.js";

/** Mass, principal moments, and the frame that they are in. */
export interface Inertia {
  readonly mass: number;
  readonly moments: number[];
  readonly inertial: Frame;
}

// geoms lighter than this count for nothing; no moment of an inertia tensor may be smaller
const NEGLIGIBLE = 1e-14;

/** An `<inertial>` element. */
export function readInertial(node: Node, rules: CompilerRules): Inertia {
  for (const name of ["pos", "mass"]) if (!has(node, name)) fail(node, `needs an attribute "${name}"`);
  const [pos, diagonal, full] = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ];
  readNumbers(node, "pos", pos);
  const diagonalGiven = readNumbers(node, "diaginertia", diagonal);
  const plain: Orientation = { quat: [1, 0, 0, 0], how: "quat", values: [] };
  const orientation = readOrientation(node, plain);
  const mass = readNumber(node, "mass", 0);
  if (mass < 0 || diagonal.some((moment) => moment < 0)) fail(node, "has a negative mass or moment of inertia");
  if (!readNumbers(node, "fullinertia", full)) {
    return { mass, moments: diagonal, inertial: { pos, quat: resolveOrientation(node, rules, orientation) } };
  }
  if (diagonalGiven && diagonal.some((moment) => moment !== 0)) fail(node, "has both diaginertia and fullinertia");
  if (orientation !== plain && ["quat", "axisangle", "xyaxes", "zaxis", "euler"].some((name) => has(node, name))) {
    fail(node, "has both fullinertia and an orientation");
  }
  const { moments, quat } = principalAxes(full);
  if (!(moments[2] >= NEGLIGIBLE)) fail(node, "fullinertia: its principal moments must be positive");
  return { mass, moments, inertial: { pos, quat } };
}

/** What a body has in the end. `own` is the frame that the body's element gives. */
export function bodyInertia(body: Body, given: Inertia | undefined, rules: CompilerRules, own: Frame): Inertia {
  const { inertiafromgeom } = rules;
  const fromGeoms = inertiafromgeom === true || (inertiafromgeom === "auto" && given === undefined);
  // without anything, the frame is as MuJoCo leaves it: the body's in its parent
  const start = given ?? { mass: 0, moments: [0, 0, 0], inertial: own };
  const inertia = (fromGeoms ? ofGeoms(body, rules) : undefined) ?? start;
  const mass = Math.max(inertia.mass, rules.boundmass);
  let moments = inertia.moments.map((moment) => Math.max(moment, rules.boundinertia));
  const [a, b, c] = moments;
  if (a + b < c || a + c < b || b + c < a) {
    if (!rules.balanceinertia) {
      fail(body.node, `has moments of inertia ${a}, ${b}, ${c}, of which one is larger than the others together`);
    }
    moments = moments.fill((a + b + c) / 3);
  }
  return { mass, moments, inertial: inertia.inertial };
}

function ofGeoms({ node, geoms }: Body, { inertiagrouprange: [first, last] }: CompilerRules): Inertia | undefined {
  const solids = geoms
    .filter(({ spec }) => spec.group >= first && spec.group <= last)
    .map(geomSolid)
    .filter(({ mass }) => mass > NEGLIGIBLE);
  if (solids.length === 0) return undefined;
  if (solids.length === 1) {
    const [{ mass, moments, frame }] = solids;
    return { mass, moments: [...moments], inertial: frame };
  }
  const { mass, center, tensor } = merge(solids);
  const { moments, quat } = principalAxes(tensor);
  if (!(moments[2] >= NEGLIGIBLE)) fail(node, "has geoms without inertia");
  return { mass, moments, inertial: { pos: center, quat } };
}
