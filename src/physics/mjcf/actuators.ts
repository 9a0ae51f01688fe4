// <actuator> and <tendon>: actuators whose force is gain · ctrl plus a linear function of a joint's position and velocity,
// and fixed tendons, which change nothing as long as they bear no force.

import { JointType } from "../compiled.js";
import { has, readLimited, readName, readNumber, readNumbers, refuseNonzero, unsupported } from "./attributes.js";
import type { Defaults } from "./defaults.js";
import { isLimited, type Joint } from "./joints.js";
import { MAX_ACTUATORS } from "./limits.js";
import type { CompilerRules } from "./options.js";
import { type ActuatorSpec, readActuator, readTendon } from "./specs.js";
import { clip, fail, type Node } from "./xml.js";

export interface Actuator {
  readonly name: string;
  readonly joint: number;
  readonly gear: number;
  readonly ctrllimited: boolean;
  readonly ctrlrange: readonly number[];
  readonly forcelimited: boolean;
  readonly forcerange: readonly number[];
  readonly gain: number;
  readonly bias: readonly number[];
}

/** What actuators are built from. */
export interface ActuatorContext {
  readonly joints: readonly Joint[];
  readonly rules: CompilerRules;
  readonly defaults: Defaults;
  readonly disabledGroups: ReadonlySet<number>;
  /** Diagonal of the mass matrix, by joint. */
  readonly inertia: (joint: number) => number;
}

export function readActuators(sections: readonly Node[], context: ActuatorContext): Actuator[] {
  const nodes = sections.flatMap(({ children }) => children);
  if (nodes.length > MAX_ACTUATORS) fail(nodes[MAX_ACTUATORS], `is one of more than ${MAX_ACTUATORS}`);
  const names = new Set<string>();
  return nodes.map((node) => {
    const name = readName(node, "name") ?? "";
    if (name !== "" && names.has(name)) fail(node, "has the name of another");
    names.add(name);
    return build(node, name, context);
  });
}

function build(
  node: Node,
  name: string,
  { joints, rules, defaults, disabledGroups, inertia }: ActuatorContext,
): Actuator {
  const spec = readActuator(node, defaults.of(node, "class").actuator);
  const joint = target(node, joints);
  refuseDynamics(node, spec, disabledGroups);
  const [gain, bias] = [spec.gainprm[0], spec.biastype === "affine" ? spec.biasprm.slice(0, 3) : [0, 0, 0]];
  const servo = spec.biastype === "affine" && gain === -bias[1];
  const ctrlrange = servo && spec.inheritrange > 0 ? inherited(node, spec, joints[joint]) : spec.ctrlrange;
  const gear = spec.gear[0];
  // a positive velocity coefficient of a servo is a damping ratio
  if (gain === -spec.biasprm[1] && bias[2] > 0) {
    const mass = gear * gear > 1e-15 ? inertia(joint) / (gear * gear) : 0;
    bias[2] *= -2 * Math.sqrt(Math.max(0, gain * mass));
  }
  return {
    name,
    joint,
    gear,
    ctrllimited: isLimited(node, rules, spec.ctrllimited, ctrlrange, "ctrl"),
    ctrlrange,
    forcelimited: isLimited(node, rules, spec.forcelimited, spec.forcerange, "force"),
    forcerange: spec.forcerange,
    gain,
    bias,
  };
}

// the joint that an actuator drives
function target(node: Node, joints: readonly Joint[]): number {
  for (const name of ["tendon", "site", "body", "cranksite", "slidersite", "refsite"]) {
    if (has(node, name)) unsupported(node, name, "actuators drive joints");
  }
  const attribute = has(node, "joint") ? "joint" : "jointinparent";
  if (has(node, "joint") && has(node, "jointinparent")) fail(node, "has both joint and jointinparent");
  const name = readName(node, attribute) ?? fail(node, 'needs an attribute "joint"');
  const joint = joints.findIndex((candidate) => candidate.name === name);
  if (joint < 0) fail(node, `${attribute}="${clip(name)}": there is no such joint`);
  if (joints[joint].type === JointType.free) unsupported(node, attribute, "a free joint cannot be driven");
  return joint;
}

function refuseDynamics(node: Node, spec: ActuatorSpec, disabledGroups: ReadonlySet<number>): void {
  const { dyntype, gaintype, biastype } = spec;
  if (dyntype !== "none")
    unsupported(node, node.name === "position" ? "timeconst" : "dyntype", "actuators have no state");
  const linearGain = gaintype === "affine" && spec.gainprm[1] === 0 && spec.gainprm[2] === 0;
  if (gaintype !== "fixed" && !linearGain) unsupported(node, "gaintype", "gains are constant");
  if (biastype !== "none" && biastype !== "affine") unsupported(node, "biastype", "biases are affine");
  if (spec.actdim > 0) unsupported(node, "actdim", "actuators have no state");
  if (spec.actlimited === true || (spec.actlimited === "auto" && spec.actrange[0] < spec.actrange[1])) {
    unsupported(node, "actrange", "actuators have no state");
  }
  refuseNonzero(node, "damping", spec.damping);
  refuseNonzero(node, "armature", [spec.armature]);
  refuseNonzero(node, "nsample", [spec.nsample]);
  refuseNonzero(node, "delay", [spec.delay]);
  if (has(node, "input")) unsupported(node, "input", "actuators have one input");
  if (disabledGroups.has(spec.group)) unsupported(node, "group", "<option> disables actuators of this group");
}

// the joint's range about its middle
function inherited(node: Node, { inheritrange }: ActuatorSpec, { range }: Joint): number[] {
  if (range[0] === range[1]) fail(node, "inheritrange: the joint has no range");
  const middle = 0.5 * (range[1] + range[0]);
  const radius = 0.5 * (range[1] - range[0]) * inheritrange;
  return [middle - radius, middle + radius];
}

/** Checks that tendons do nothing. */
export function checkTendons(
  sections: readonly Node[],
  joints: readonly Joint[],
  rules: CompilerRules,
  defaults: Defaults,
): void {
  for (const node of sections.flatMap(({ children }) => children)) {
    const spec = readTendon(node, defaults.of(node, "class").tendon);
    const idle = "a fixed tendon bears no force";
    for (const name of ["stiffness", "damping"] as const) {
      if (spec[name].some((value) => value !== 0)) unsupported(node, name, idle);
    }
    if (spec.frictionloss !== 0) unsupported(node, "frictionloss", idle);
    if (isLimited(node, rules, spec.limited, spec.range, "")) unsupported(node, "range", idle);
    if (readNumber(node, "armature", 0) !== 0) unsupported(node, "armature", idle);
    const forces = [0, 0];
    readNumbers(node, "actuatorfrcrange", forces);
    const limited = readLimited(node, "actuatorfrclimited", "auto");
    if (isLimited(node, rules, limited, forces, "actuatorfrc")) unsupported(node, "actuatorfrcrange", idle);
    for (const part of node.children) {
      readNumber(part, "coef", 0);
      const name = readName(part, "joint") ?? fail(part, 'needs an attribute "joint"');
      if (!joints.some((joint) => joint.name === name)) fail(part, `joint="${clip(name)}": there is no such joint`);
    }
  }
}
