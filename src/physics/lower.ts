// From the bodies of a file to the links of the engine (assembly/physics/model.ts says what a link is): jointless bodies
// merge into what they are welded to, every hinge gets a frame at its anchor with its axis for z, and the translations at
// the root of a tree become the motion of the tree's origin.

import { type CompiledModel, JointType } from "./compiled.js";
import {
  IDENTITY,
  type Matrix,
  matrixAt,
  multiply,
  ORIGIN,
  rotate,
  scaled,
  sum,
  transpose,
  turned,
  type Vector,
  vectorAt,
  withThirdColumn,
} from "./rotation.js";

/** Kinds of link, as assembly/physics/model.ts has them. */
export const LinkKind = { fixed: 0, hinge: 1, slide: 2, ball: 3, mocap: 4 } as const;

/** How a link's frame at rest lies in its parent's. */
export const Turn = { none: 0, turned: 1, root: 2 } as const;

export interface Link {
  readonly kind: (typeof LinkKind)[keyof typeof LinkKind];
  /** Index of the parent link; the world is 0 and its own parent. */
  readonly parent: number;
  readonly tree: number;
  readonly turn: (typeof Turn)[keyof typeof Turn];
  /** Rotation of the frame at rest in the parent's, and place of its origin there. */
  readonly turned: Matrix;
  readonly offset: Vector;
  /** A slide's direction in the parent's frame; for a hinge (±1, 0, 0), the sign of its turn about z. */
  readonly axis: Vector;
  /** Joint, or −1. */
  readonly joint: number;
  /** Mass, center, and inertia about the center, in the link's frame. */
  mass: number;
  center: Vector;
  inertia: Matrix;
}

/** What moves together with one origin. */
export interface Tree {
  /** 0 stands still, 1 moves by slides, 2 by a free joint, 3 by hand. */
  readonly kind: 0 | 1 | 2 | 3;
  /** The origin at qpos = 0 of its slides. */
  origin: Vector;
  /** Joints of the slides, consecutive, or the free joint. */
  readonly joints: number[];
  readonly directions: Vector[];
  /** Number of the body that is moved by hand, or −1. */
  readonly mocap: number;
}

export interface Lowering {
  readonly links: readonly Link[];
  readonly trees: readonly Tree[];
  /** [nbody]: link of each body, and the body's frame in the link's. */
  readonly bodyLink: readonly number[];
  readonly bodyPosition: readonly Vector[];
  readonly bodyRotation: readonly Matrix[];
  /** [njnt]: link that the joint moves. */
  readonly jointLink: readonly number[];
}

/** Where a body's frame is while its joints are gone through. */
interface Frame {
  link: number;
  position: Vector;
  rotation: Matrix;
}

export function lower(model: CompiledModel): Lowering {
  const links: Link[] = [newLink({ kind: LinkKind.fixed, parent: 0, tree: 0 })];
  const trees: Tree[] = [{ kind: 0, origin: ORIGIN, joints: [], directions: [], mocap: -1 }];
  const frames: Frame[] = [{ link: 0, position: ORIGIN, rotation: IDENTITY }];
  const jointLink: number[] = [];
  for (let body = 1; body < model.nbody; body++) {
    const parent = frames[model.bodyParent[body]];
    const frame: Frame = {
      link: parent.link,
      position: sum(parent.position, rotate(parent.rotation, vectorAt(model.bodyPos, body))),
      rotation: multiply(parent.rotation, matrixAt(model.bodyQuat, body)),
    };
    const first = model.bodyJntAdr[body];
    const joints = Array.from({ length: model.bodyJntNum[body] }, (_, k) => first + k);
    if (joints.length && frame.link === 0) plant(model, frame, joints, links, trees, jointLink);
    for (const joint of joints.slice(jointLink.length - first)) attach(model, frame, joint, links, jointLink);
    if (model.bodyMocap[body] >= 0) {
      const tree =
        trees.push({ kind: 3, origin: ORIGIN, joints: [], directions: [], mocap: model.bodyMocap[body] }) - 1;
      const link = links.push(newLink({ kind: LinkKind.mocap, parent: 0, tree })) - 1;
      Object.assign(frame, { link, position: ORIGIN, rotation: IDENTITY });
    }
    frames.push(frame);
    // nothing moves what is moved by hand
    if (frame.link && links[frame.link].kind !== LinkKind.mocap) addMass(links[frame.link], model, body, frame);
  }
  return {
    links,
    trees,
    bodyLink: frames.map(({ link }) => link),
    bodyPosition: frames.map(({ position }) => position),
    bodyRotation: frames.map(({ rotation }) => rotation),
    jointLink,
  };
}

function newLink(given: Pick<Link, "kind" | "parent" | "tree"> & Partial<Link>): Link {
  return {
    turn: Turn.root,
    turned: IDENTITY,
    offset: ORIGIN,
    axis: ORIGIN,
    joint: -1,
    mass: 0,
    center: ORIGIN,
    inertia: scaledIdentity(0),
    ...given,
  };
}

// A new tree at a body that moves against the world: its leading slides, or its free joint, carry the origin.
function plant(
  model: CompiledModel,
  frame: Frame,
  joints: readonly number[],
  links: Link[],
  trees: Tree[],
  jointLink: number[],
): void {
  const tree = trees.length;
  const [first] = joints;
  if (model.jntType[first] === JointType.free) {
    trees.push({ kind: 2, origin: ORIGIN, joints: [first], directions: [], mocap: -1 });
    links.push(newLink({ kind: LinkKind.ball, parent: 0, tree, joint: first }));
    jointLink.push(links.length - 1);
    Object.assign(frame, { link: links.length - 1, position: ORIGIN, rotation: IDENTITY });
    return;
  }
  const end = joints.findIndex((joint) => model.jntType[joint] !== JointType.slide);
  const slides = end < 0 ? joints : joints.slice(0, end);
  const directions = slides.map((joint) => rotate(frame.rotation, vectorAt(model.jntAxis, joint)));
  let origin = frame.position;
  slides.forEach((joint, k) => {
    origin = sum(origin, scaled(directions[k], -model.qpos0[model.jntQposAdr[joint]]));
  });
  trees.push({ kind: slides.length ? 1 : 0, origin, joints: [...slides], directions, mocap: -1 });
  // stands still about its origin; has no mass unless the slides are all there is
  links.push(newLink({ kind: LinkKind.fixed, parent: 0, tree }));
  for (const _ of slides) jointLink.push(links.length - 1);
  Object.assign(frame, { link: links.length - 1, position: ORIGIN });
}

function attach(model: CompiledModel, frame: Frame, joint: number, links: Link[], jointLink: number[]): void {
  const parent = links[frame.link];
  const rooted = parent.kind === LinkKind.fixed;
  const shared = { parent: frame.link, tree: parent.tree, joint };
  const axis = vectorAt(model.jntAxis, joint);
  if (model.jntType[joint] === JointType.slide) {
    const direction = rotate(frame.rotation, axis);
    links.push(newLink({ ...shared, kind: LinkKind.slide, turn: Turn.none, offset: frame.position, axis: direction }));
    frame.position = ORIGIN;
  } else {
    const anchor = vectorAt(model.jntPos, joint);
    // parallel axes share a frame, whatever their signs
    const sign = (axis.find((x) => x !== 0) as number) < 0 ? -1 : 1;
    const align = withThirdColumn(scaled(axis, sign));
    const turned = multiply(frame.rotation, align);
    const offset = sum(frame.position, rotate(frame.rotation, anchor));
    const straight = turned.every((x, k) => x === IDENTITY[k]);
    const turn = rooted ? Turn.root : straight ? Turn.none : Turn.turned;
    links.push(newLink({ ...shared, kind: LinkKind.hinge, turn, turned, offset, axis: [sign, 0, 0] }));
    frame.rotation = transpose(align);
    frame.position = scaled(rotate(frame.rotation, anchor), -1);
  }
  frame.link = links.length - 1;
  jointLink.push(frame.link);
}

function scaledIdentity(s: number): Matrix {
  return [s, 0, 0, 0, s, 0, 0, 0, s];
}

// merges the mass of a body into its link's
function addMass(link: Link, model: CompiledModel, body: number, frame: Frame): void {
  const mass = model.bodyMass[body];
  if (mass === 0) return;
  const rotation = multiply(frame.rotation, matrixAt(model.bodyIquat, body));
  const center = sum(frame.position, rotate(frame.rotation, vectorAt(model.bodyIpos, body)));
  const [a, b, c] = vectorAt(model.bodyInertia, body);
  const inertia = turned(rotation, [a, 0, 0, 0, b, 0, 0, 0, c]);
  const total = link.mass + mass;
  const merged = scaled(sum(scaled(link.center, link.mass), scaled(center, mass)), 1 / total);
  const about = (I: Matrix, m: number, from: Vector): Matrix => {
    const d = sum(from, scaled(merged, -1));
    const square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    return I.map((x, k) => {
      const [i, j] = [Math.floor(k / 3), k % 3];
      return x + m * ((i === j ? square : 0) - d[i] * d[j]);
    }) as unknown as Matrix;
  };
  const own = about(link.inertia, link.mass, link.center);
  const added = about(inertia, mass, center);
  link.inertia = own.map((x, k) => x + added[k]) as unknown as Matrix;
  link.mass = total;
  link.center = merged;
}
