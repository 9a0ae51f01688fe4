// Joints: limits and reference angles in radians, axes of length 1, and refusal of what this engine does not simulate.

import { JointType } from "../compiled.js";
import { type Limited, refuseNonzero, unsupported } from "./attributes.js";
import { compose, type Frame, rotate, unit } from "./frames.js";
import type { CompilerRules } from "./options.js";
import { BALL, defaultJoint, type JointSpec } from "./specs.js";
import { fail, type Node } from "./xml.js";

export interface Joint {
  readonly name: string;
  readonly node: Node;
  readonly type: number;
  readonly pos: readonly number[];
  readonly axis: readonly number[];
  readonly limited: boolean;
  readonly range: readonly number[];
  readonly stiffness: number;
  readonly damping: number;
  readonly springref: number;
  readonly ref: number;
  readonly armature: number;
  readonly margin: number;
  readonly solref: readonly number[];
  readonly solimp: readonly number[];
}

/** Whether a limit holds: by the word, or else by a range that is not empty. */
export function isLimited(
  node: Node,
  rules: CompilerRules,
  word: Limited,
  range: readonly number[],
  name: string,
): boolean {
  const ranged = range[0] !== 0 || range[1] !== 0;
  if (word === "auto" && ranged && !rules.autolimits) {
    fail(node, `has ${name}range and no ${name}limited, with autolimits="false"`);
  }
  const limited = word === "auto" ? range[0] < range[1] : word;
  if (limited && !(range[0] < range[1])) fail(node, `${name}range: expected the lower limit first`);
  return limited;
}

/** A `<joint>` in a frame of its body. */
export function buildJoint(node: Node, name: string, spec: JointSpec, rules: CompilerRules, outer: Frame): Joint {
  const { type, armature, margin, solref, solimp } = spec;
  if (type === BALL) unsupported(node, "type", "this engine has hinge, slide and free joints");
  const free = type === JointType.free;
  refuseForces(node, spec, rules, free);
  const limited = !free && isLimited(node, rules, spec.limited, spec.range, "");
  const angle = type === JointType.hinge ? rules.angle : 1;
  const axis = free ? [0, 0, 1] : unit(rotate(outer.quat, spec.axis));
  if (axis === undefined) fail(node, "axis: it has no direction");
  return {
    name,
    node,
    type,
    axis,
    pos: free ? [0, 0, 0] : compose(outer, { pos: spec.pos, quat: [1, 0, 0, 0] }).pos,
    limited,
    // a range that limits nothing keeps its unit
    range: spec.range.map((end) => (limited ? end * angle : end)),
    stiffness: spec.stiffness[0],
    damping: spec.damping[0],
    springref: spec.springref * angle,
    ref: spec.ref * angle,
    armature,
    margin,
    solref,
    solimp,
  };
}

// what would push or hold the joint in a way that is not simulated
function refuseForces(node: Node, spec: JointSpec, rules: CompilerRules, free: boolean): void {
  refuseNonzero(node, "frictionloss", [spec.frictionloss]);
  refuseNonzero(node, "springdamper", spec.springdamper);
  if (spec.stiffness[1] !== 0 || spec.stiffness[2] !== 0) unsupported(node, "stiffness", "springs are linear");
  if (spec.damping[1] !== 0 || spec.damping[2] !== 0) unsupported(node, "damping", "dampers are linear");
  if (spec.actuatorgravcomp) unsupported(node, "actuatorgravcomp");
  if (free && spec.stiffness[0] !== 0) unsupported(node, "stiffness", "a free joint has no spring");
  if (free) return;
  if (isLimited(node, rules, spec.actuatorfrclimited, spec.actuatorfrcrange, "actuatorfrc")) {
    unsupported(node, "actuatorfrcrange");
  }
}

/** A `<freejoint>`, which has no defaults. */
export function freeJoint(node: Node, name: string): Joint {
  const { armature, margin, solref, solimp } = defaultJoint;
  const still = { stiffness: 0, damping: 0, springref: 0, ref: 0, armature, margin, solref, solimp };
  const place = { pos: [0, 0, 0], axis: [0, 0, 1], limited: false, range: [0, 0] };
  return { name, node, type: JointType.free, ...place, ...still };
}
