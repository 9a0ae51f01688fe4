// <worldbody>: bodies in depth-first order with what is attached to them. Frames are folded into what they hold, defaults
// applied, orientations and fromto resolved, mass and inertia found and checked.

import { GeomType, JointType } from "../compiled.js";
import {
  readBoolean,
  readLimited,
  readName,
  readNumber,
  readNumbers,
  readWord,
  refuseNonzero,
  unsupported,
} from "./attributes.js";
import type { DefaultClass, Defaults } from "./defaults.js";
import { compose, type Frame, identity, type Orientation, readOrientation, resolveOrientation } from "./frames.js";
import { bodyInertia, readInertial } from "./body-inertia.js";
import { buildGeom, type Geom, siteFrame } from "./geoms.js";
import { buildJoint, freeJoint, type Joint } from "./joints.js";
import { MAX_BODIES, MAX_DOFS, MAX_GEOMS, MAX_SITES } from "./limits.js";
import type { CompilerRules } from "./options.js";
import { readGeom, readJoint, readSite } from "./specs.js";
import { fail, type Node } from "./xml.js";

export interface Site {
  readonly name: string;
  readonly frame: Frame;
}

/** A body; the world is the first, without joints and mass. */
export interface Body {
  readonly name: string;
  readonly node: Node;
  readonly parent: number;
  /** In the parent's frame. */
  readonly frame: Frame;
  readonly joints: Joint[];
  readonly geoms: Geom[];
  readonly sites: Site[];
  /** Moved by hand. */
  readonly mocap: boolean;
  /** Whether MuJoCo may use its shortcut for bodies aligned with their inertia. */
  readonly mayBeSimple: boolean;
  mass: number;
  /** Principal moments, and the frame of the center of mass. */
  moments: number[];
  inertial: Frame;
}

/** All bodies of the document. */
export function readTree(sections: readonly Node[], rules: CompilerRules, defaults: Defaults, root: Node): Body[] {
  return new TreeReader(rules, defaults).read(sections, root);
}

class TreeReader {
  readonly #bodies: Body[] = [];
  readonly #rules: CompilerRules;
  readonly #defaults: Defaults;
  readonly #names = {
    body: new Set(["world"]),
    joint: new Set<string>(),
    geom: new Set<string>(),
    site: new Set<string>(),
  };
  readonly #counts = { dofs: 0, geoms: 0, sites: 0 };

  constructor(rules: CompilerRules, defaults: Defaults) {
    this.#rules = rules;
    this.#defaults = defaults;
  }

  read(sections: readonly Node[], root: Node): Body[] {
    const world = body("world", root, 0, identity(), true);
    this.#bodies.push(world);
    const children = sections.flatMap((section) => section.children);
    for (const node of children) this.#readItem(node, 0, identity(), this.#defaults.of(root, "class"));
    this.#checkMoving();
    return this.#bodies;
  }

  #readItem(node: Node, index: number, outer: Frame, inherited: DefaultClass): void {
    const owner = this.#bodies[index];
    const own = this.#defaults.of(node, "class", inherited);
    switch (node.name) {
      case "body":
        this.#readBody(node, index, outer, this.#defaults.of(node, "childclass", inherited));
        break;
      case "frame": {
        this.#name(node, undefined);
        const frame = compose(outer, this.#frameOf(node));
        const within = this.#defaults.of(node, "childclass", inherited);
        for (const child of node.children) this.#readItem(child, index, frame, within);
        break;
      }
      case "joint":
      case "freejoint": {
        this.#checkAlignment(node);
        if (index === 0) fail(node, "cannot be in the world");
        const name = this.#name(node, this.#names.joint);
        const joint =
          node.name === "joint"
            ? buildJoint(node, name, readJoint(node, own.joint), this.#rules, outer)
            : freeJoint(node, name);
        this.#addJoint(owner, joint);
        break;
      }
      case "geom": {
        if (++this.#counts.geoms > MAX_GEOMS) fail(node, `is one of more than ${MAX_GEOMS}`);
        const name = this.#name(node, this.#names.geom);
        owner.geoms.push(buildGeom(node, name, readGeom(node, own.geom), this.#rules, outer));
        break;
      }
      case "site": {
        if (++this.#counts.sites > MAX_SITES) fail(node, `is one of more than ${MAX_SITES}`);
        const name = this.#name(node, this.#names.site);
        owner.sites.push({ name, frame: siteFrame(node, readSite(node, own.site), this.#rules, outer) });
        break;
      }
      case "inertial":
        if (index === 0) fail(node, "cannot be in the world");
    }
  }

  #readBody(node: Node, parent: number, outer: Frame, inside: DefaultClass): void {
    if (this.#bodies.length === MAX_BODIES) fail(node, `is one of more than ${MAX_BODIES}`);
    const mocap = readBoolean(node, "mocap", false);
    if (mocap && parent !== 0) fail(node, 'with mocap="true" must be a child of the world');
    refuseNonzero(node, "gravcomp", [readNumber(node, "gravcomp", 0)]);
    const own = this.#frameOf(node);
    const simple = readWord(node, "simple", { false: false, auto: true }, true);
    const added = body(this.#name(node, this.#names.body), node, parent, compose(outer, own), simple, mocap);
    const index = this.#bodies.push(added) - 1;
    for (const child of node.children) this.#readItem(child, index, identity(), inside);
    const explicit = inertialsOf(node);
    if (explicit.length > 1) fail(explicit[1], "is there twice in the same body");
    const given = explicit.map((inertial) => readInertial(inertial, this.#rules))[0];
    Object.assign(added, bodyInertia(added, given, this.#rules, own));
  }

  #addJoint(owner: Body, joint: Joint): void {
    const { node, type } = joint;
    const dofs = type === JointType.free ? 6 : 1;
    this.#counts.dofs += dofs;
    if (this.#counts.dofs > MAX_DOFS) fail(node, `takes the model beyond ${MAX_DOFS} degrees of freedom`);
    if (owner.mocap) fail(node, "is a joint of a body that is moved by hand (mocap)");
    owner.joints.push(joint);
    const free = owner.joints.some((other) => other.type === JointType.free);
    if (free && owner.joints.length > 1) fail(node, "cannot share a body with a free joint");
    if (owner.joints.length > 6) fail(node, "is the seventh of its body: a body has at most 6 degrees of freedom");
    if (free && owner.parent !== 0) fail(node, "is a free joint, which only a child of the world can have");
  }

  // a free body may be asked to take the place of its inertial frame, which changes what qpos means
  #checkAlignment(node: Node): void {
    if (readLimited(node, "align", "auto") === true) unsupported(node, "align");
  }

  #frameOf(node: Node): Frame {
    const pos = [0, 0, 0];
    readNumbers(node, "pos", pos);
    const plain: Orientation = { quat: [1, 0, 0, 0], how: "quat", values: [] };
    return { pos, quat: resolveOrientation(node, this.#rules, readOrientation(node, plain)) };
  }

  // names are unique within a kind
  #name(node: Node, names: Set<string> | undefined): string {
    const name = readName(node, "name") ?? "";
    if (name !== "" && names?.has(name)) fail(node, "has the name of another");
    if (name !== "") names?.add(name);
    return name;
  }

  // a body that moves has mass and inertia, its own or that of a body welded to it, and no plane
  #checkMoving(): void {
    const bodies = this.#bodies;
    const solid = bodies.map(({ mass, moments }) => mass >= 1e-15 && moments.every((moment) => moment >= 1e-15));
    // children come after their parents
    for (let i = bodies.length - 1; i > 0; i--) {
      if (solid[i] && bodies[i].joints.length === 0) solid[bodies[i].parent] = true;
    }
    const moves = bodies.map(() => false);
    bodies.forEach(({ joints, geoms, node, parent }, i) => {
      moves[i] = joints.length > 0 || moves[parent];
      if (joints.length > 0 && !solid[i]) fail(node, "moves, and has no mass or no inertia");
      const plane = geoms.find(({ spec }) => spec.type === GeomType.plane);
      if (plane !== undefined && moves[i]) fail(plane.node, "is a plane on a body that moves");
    });
  }
}

function body(name: string, node: Node, parent: number, frame: Frame, mayBeSimple: boolean, mocap = false): Body {
  const parts = { joints: [], geoms: [], sites: [] };
  return { name, node, parent, frame, mayBeSimple, mocap, ...parts, mass: 0, moments: [0, 0, 0], inertial: identity() };
}

// of a body, also within its frames
function inertialsOf(node: Node): Node[] {
  return node.children.flatMap((child) => {
    if (child.name === "frame") return inertialsOf(child);
    return child.name === "inertial" ? [child] : [];
  });
}
