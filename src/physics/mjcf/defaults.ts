// Default classes: a tree of named sets of attributes, each starting from its parent's. An element takes the class that it
// names, or else the `childclass` nearest above it, or else the unnamed class at the root.

import { readName } from "./attributes.js";
import { MAX_CLASSES } from "./limits.js";
import {
  type ActuatorSpec,
  defaultActuator,
  defaultEquality,
  defaultGeom,
  defaultJoint,
  defaultSite,
  defaultTendon,
  type EqualitySpec,
  type GeomSpec,
  type JointSpec,
  readActuator,
  readEquality,
  readGeom,
  readJoint,
  readSite,
  readTendon,
  type SiteSpec,
  type TendonSpec,
} from "./specs.js";
import { clip, fail, type Node } from "./xml.js";

/** What a class says of each kind of element. */
export interface DefaultClass {
  readonly joint: JointSpec;
  readonly geom: GeomSpec;
  readonly site: SiteSpec;
  readonly actuator: ActuatorSpec;
  readonly tendon: TendonSpec;
  readonly equality: EqualitySpec;
}

/** The classes of a document. */
export class Defaults {
  readonly #classes = new Map<string, DefaultClass>();
  #main: DefaultClass = {
    joint: defaultJoint,
    geom: defaultGeom,
    site: defaultSite,
    actuator: defaultActuator,
    tendon: defaultTendon,
    equality: defaultEquality,
  };

  constructor(sections: readonly Node[]) {
    // one root class, however many sections say something of it
    for (const node of sections) {
      const name = readName(node, "class") ?? "main";
      if (name !== "main") fail(node, `class="${clip(name)}": the class at the root is "main"`);
      this.#main = read(node, this.#main);
    }
    this.#classes.set("main", this.#main);
    for (const node of sections) this.#addChildren(node, this.#main);
  }

  #addChildren(node: Node, parent: DefaultClass): void {
    for (const child of node.children) {
      if (child.name !== "default") continue;
      const name = readName(child, "class") ?? fail(child, 'needs an attribute "class"');
      if (this.#classes.has(name)) fail(child, `class="${clip(name)}" is there already`);
      if (this.#classes.size === MAX_CLASSES) fail(child, `there are more than ${MAX_CLASSES} classes`);
      const own = read(child, parent);
      this.#classes.set(name, own);
      this.#addChildren(child, own);
    }
  }

  /** The class that an attribute (`class`, `childclass`) names, or `fallback`; without one, the class at the root. */
  of(node: Node, attribute: "class" | "childclass", fallback: DefaultClass = this.#main): DefaultClass {
    const name = readName(node, attribute);
    if (name === undefined) return fallback;
    return this.#classes.get(name) ?? fail(node, `${attribute}="${clip(name)}": there is no such default class`);
  }
}

function read(node: Node, from: DefaultClass): DefaultClass {
  let { joint, geom, site, actuator, tendon, equality } = from;
  for (const child of node.children) {
    switch (child.name) {
      case "joint":
        joint = readJoint(child, joint);
        break;
      case "geom":
        geom = readGeom(child, geom);
        break;
      case "site":
        site = readSite(child, site);
        break;
      case "tendon":
        tendon = readTendon(child, tendon);
        break;
      case "equality":
        equality = readEquality(child, equality);
        break;
      case "general":
      case "motor":
      case "position":
      case "velocity":
        actuator = readActuator(child, actuator);
    }
  }
  return { joint, geom, site, actuator, tendon, equality };
}
