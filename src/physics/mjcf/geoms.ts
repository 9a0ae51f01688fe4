// Geoms and sites: sizes checked, fromto and orientations resolved, in the frame of the body; the mass that a geom gives it.

import { GeomType } from "../compiled.js";
import { refuseNonzero, unsupported } from "./attributes.js";
import { compose, type Frame, resolveOrientation, rotationOfZ, unit } from "./frames.js";
import { shapeMoments, type Solid, volume } from "./inertia.js";
import type { CompilerRules } from "./options.js";
import { type GeomSpec, MESH_LIKE, type SiteSpec } from "./specs.js";
import { fail, type Node } from "./xml.js";

export interface Geom {
  readonly name: string;
  readonly node: Node;
  readonly spec: GeomSpec;
  readonly size: readonly number[];
  /** In the body's frame. */
  readonly frame: Frame;
}

// how many sizes a type has
const sizes: Record<number, number> = {
  [GeomType.sphere]: 1,
  [GeomType.capsule]: 2,
  [GeomType.cylinder]: 2,
  [GeomType.ellipsoid]: 3,
  [GeomType.box]: 3,
};

export function buildGeom(node: Node, name: string, spec: GeomSpec, rules: CompilerRules, outer: Frame): Geom {
  if (spec.type === MESH_LIKE) unsupported(node, "type", "meshes, height fields and distance fields are not simulated");
  if (spec.mesh !== undefined) unsupported(node, "mesh", "shapes are not fitted to meshes");
  if (spec.hfield !== undefined) unsupported(node, "hfield", "height fields are not simulated");
  if (spec.fluidEllipsoid) unsupported(node, "fluidshape", "fluid forces are those of a body's inertia box");
  refuseNonzero(node, "surfacevel", spec.surfacevel);
  refuseNonzero(node, "adhesion", [spec.adhesion]);
  const { size, frame } = place(node, spec, rules);
  if (spec.type === GeomType.plane) {
    if (!(size[2] > 0)) fail(node, "size: the third number of a plane must be more than 0");
  } else if (!size.slice(0, sizes[spec.type]).every((length) => length > 0)) {
    fail(node, `size: expected ${sizes[spec.type]} number${sizes[spec.type] > 1 ? "s" : ""} above 0`);
  }
  return { name, node, spec, size, frame: compose(outer, frame) };
}

/** The frame of a site in its body's. */
export function siteFrame(node: Node, spec: SiteSpec, rules: CompilerRules, outer: Frame): Frame {
  const { mesh, plane } = { mesh: MESH_LIKE, plane: GeomType.plane };
  if (spec.type === mesh || spec.type === plane) fail(node, `type="${node.attributes.type}": no such site`);
  return compose(outer, place(node, spec, rules).frame);
}

// the frame and the sizes of a shape, from its fromto if it has one
function place(node: Node, spec: SiteSpec, rules: CompilerRules): { size: number[]; frame: Frame } {
  const { type, size, pos, orientation, fromto } = spec;
  if (fromto === undefined) return { size, frame: { pos, quat: resolveOrientation(node, rules, orientation) } };
  const { capsule, cylinder, ellipsoid, box } = GeomType;
  if (![capsule, cylinder, ellipsoid, box].some((one) => one === type)) {
    fail(node, "fromto: expected a capsule, cylinder, ellipsoid or box");
  }
  if (pos.some((x) => x !== 0)) fail(node, "has both pos and fromto");
  const back = [0, 1, 2].map((i) => fromto[i] - fromto[i + 3]);
  const axis = unit(back);
  if (axis === undefined) fail(node, "fromto: the points are too close");
  const half = Math.sqrt(back.reduce((sum, x) => sum + x * x, 0)) / 2;
  const long = type === capsule || type === cylinder ? [size[0], half, size[2]] : [size[0], size[0], half];
  const middle = [0, 1, 2].map((i) => (fromto[i] + fromto[i + 3]) / 2);
  return { size: long, frame: { pos: middle, quat: rotationOfZ(rules, axis) } };
}

/** What a geom adds to its body: mass by its own number or by density. */
export function geomSolid({ node, spec, size, frame }: Geom): Solid {
  const { type, shell } = spec;
  if (shell && type === GeomType.ellipsoid)
    unsupported(node, "shellinertia", "the surface of an ellipsoid has no formula");
  const content = volume(type, size, shell);
  const given = spec.mass !== undefined && (spec.mass === 0 || content > 1e-14) ? spec.mass : 0;
  const mass = spec.mass === undefined ? spec.density * content : given;
  if (mass < 0) fail(node, "has a negative mass");
  return { mass, frame, moments: shapeMoments(type, mass, size, shell) };
}
