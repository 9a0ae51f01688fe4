// <equality>: welds of two bodies, or of a body and the world. The pose of the second body in the first one's frame is the one
// that the file gives, or that at qpos0.

import { has, readName, readNumber, readNumbers, unsupported } from "./attributes.js";
import type { Defaults } from "./defaults.js";
import { compose, type Frame, multiply, rotate, unit } from "./frames.js";
import { bodyFrames } from "./invweight.js";
import { MAX_EQUALITIES } from "./limits.js";
import { readEquality } from "./specs.js";
import type { Body } from "./tree.js";
import { clip, fail, type Node } from "./xml.js";

export interface Weld {
  readonly name: string;
  readonly body1: number;
  readonly body2: number;
  readonly active: boolean;
  /** As in MuJoCo's eq_data: anchor in the second body; position and quaternion of the relative pose; torque scale. */
  readonly data: readonly number[];
  readonly solref: readonly number[];
  readonly solimp: readonly number[];
}

export function readWelds(sections: readonly Node[], bodies: readonly Body[], defaults: Defaults): Weld[] {
  const nodes = sections.flatMap(({ children }) => children);
  if (nodes.length > MAX_EQUALITIES) fail(nodes[MAX_EQUALITIES], `is one of more than ${MAX_EQUALITIES}`);
  const names = new Set<string>();
  const frames = nodes.length > 0 ? bodyFrames(bodies) : [];
  return nodes.map((node) => {
    for (const name of ["site1", "site2"]) if (has(node, name)) unsupported(node, name, "welds are of bodies");
    const spec = readEquality(node, defaults.of(node, "class").equality);
    const name = readName(node, "name") ?? "";
    if (name !== "" && names.has(name)) fail(node, "has the name of another");
    names.add(name);
    const body1 = bodyOf(node, "body1", bodies) ?? fail(node, 'needs an attribute "body1"');
    const body2 = bodyOf(node, "body2", bodies) ?? 0;
    if (body1 === body2) fail(node, "welds a body to itself");
    const anchor = [0, 0, 0];
    readNumbers(node, "anchor", anchor);
    const torqueScale = readNumber(node, "torquescale", 1);
    return {
      name,
      body1,
      body2,
      active: spec.active,
      data: [...anchor, ...relativePose(node, anchor, frames[body1], frames[body2]), torqueScale],
      solref: spec.solref,
      solimp: spec.solimp,
    };
  });
}

function bodyOf(node: Node, attribute: string, bodies: readonly Body[]): number | undefined {
  const name = readName(node, attribute);
  if (name === undefined) return undefined;
  const body = bodies.findIndex((candidate) => candidate.name === name);
  return body >= 0 ? body : fail(node, `${attribute}="${clip(name)}": there is no such body`);
}

// position of the anchor and orientation of the second body, in the frame of the first
function relativePose(node: Node, anchor: readonly number[], first: Frame, second: Frame): number[] {
  const pose = [0, 1, 0, 0, 0, 0, 0];
  readNumbers(node, "relpose", pose);
  const quat = pose.slice(3);
  const turned = unit(quat);
  if (turned !== undefined) return [...pose.slice(0, 3), ...turned];
  const back = first.quat.map((x, i) => (i === 0 ? x : -x));
  const at = compose(second, { pos: [...anchor], quat: [1, 0, 0, 0] }).pos;
  const apart = at.map((x, i) => x - first.pos[i]);
  return [...rotate(back, apart), ...multiply(back, second.quat)];
}
