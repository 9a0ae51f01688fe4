// <compiler> and <option>: how the file is to be read, and the settings of the physics. Later sections win, attribute by
// attribute, as when files are put together by includes.

import { Integrator, type PhysicsOptions } from "../compiled.js";
import {
  has,
  readBoolean,
  readInteger,
  readNumber,
  readNumbers,
  readWord,
  refuseNonzero,
  unsupported,
} from "./attributes.js";
import type { AngleRules, Trigonometry } from "./frames.js";
import { clip, fail, type Node } from "./xml.js";

/** What `<compiler>` says. */
export interface CompilerRules extends AngleRules {
  readonly autolimits: boolean;
  readonly boundmass: number;
  readonly boundinertia: number;
  /** Masses are scaled to this sum; 0 or less for no scaling. */
  readonly settotalmass: number;
  readonly balanceinertia: boolean;
  /** Mass and inertia come from geoms: always, never, or where a body has no <inertial>. */
  readonly inertiafromgeom: boolean | "auto";
  /** First and last group of the geoms that count. */
  readonly inertiagrouprange: readonly [number, number];
}

/** Radians per degree. */
export const DEGREE = Math.PI / 180;

export function readCompiler(kernels: Trigonometry, sections: readonly Node[]): CompilerRules {
  const rules = {
    kernels,
    angle: DEGREE,
    eulerseq: "xyz",
    autolimits: true,
    boundmass: 0,
    boundinertia: 0,
    settotalmass: -1,
    balanceinertia: false,
    inertiafromgeom: "auto" as boolean | "auto",
    inertiagrouprange: [0, 5] as [number, number],
  };
  for (const node of sections) {
    rules.angle = readWord(node, "angle", { degree: DEGREE, radian: 1 }, rules.angle);
    if (has(node, "eulerseq")) rules.eulerseq = node.attributes.eulerseq;
    if (!/^[xyzXYZ]{3}$/.test(rules.eulerseq)) {
      fail(node, `eulerseq="${clip(rules.eulerseq)}": expected three of x, y, z, X, Y, Z`);
    }
    rules.autolimits = readBoolean(node, "autolimits", rules.autolimits);
    rules.boundmass = readNumber(node, "boundmass", rules.boundmass);
    rules.boundinertia = readNumber(node, "boundinertia", rules.boundinertia);
    rules.settotalmass = readNumber(node, "settotalmass", rules.settotalmass);
    rules.balanceinertia = readBoolean(node, "balanceinertia", rules.balanceinertia);
    const when = { true: true, false: false, auto: "auto" } as const;
    rules.inertiafromgeom = readWord<boolean | "auto">(node, "inertiafromgeom", when, rules.inertiafromgeom);
    readNumbers(node, "inertiagrouprange", rules.inertiagrouprange);
    if (readWord(node, "coordinate", { local: false, global: true }, false)) {
      unsupported(node, "coordinate", "MuJoCo dropped it in version 2.3.4");
    }
    for (const name of ["fusestatic", "alignfree"]) if (readBoolean(node, name, false)) unsupported(node, name);
  }
  return rules;
}

// what <flag> may turn off, and the options that say so
const flags = {
  contact: "contact",
  equality: "equality",
  limit: "limit",
  constraint: "constraint",
  damper: "damper",
  spring: "spring",
  gravity: "gravityOn",
  actuation: "actuation",
  clampctrl: "clampctrl",
  eulerdamp: "eulerdamp",
  refsafe: "refsafe",
  filterparent: "filterparent",
} as const;

/** Settings of the physics, with two that the rest of the compiler needs. */
export interface ReadOptions {
  readonly option: PhysicsOptions;
  /** The section that asks for elliptic friction cones. */
  readonly elliptic: Node | undefined;
  /** Groups of actuators that are switched off. */
  readonly disabledGroups: ReadonlySet<number>;
}

export function readOptions(sections: readonly Node[]): ReadOptions {
  const vectors = { gravity: [0, 0, -9.81], wind: [0, 0, 0] };
  const option = {
    timestep: 0.002,
    integrator: Integrator.euler as PhysicsOptions["integrator"],
    density: 0,
    viscosity: 0,
    impratio: 1,
    contact: true,
    equality: true,
    limit: true,
    constraint: true,
    damper: true,
    spring: true,
    gravityOn: true,
    actuation: true,
    clampctrl: true,
    eulerdamp: true,
    refsafe: true,
    filterparent: true,
  };
  const disabledGroups = new Set<number>();
  let elliptic: Node | undefined;
  for (const node of sections) {
    option.timestep = positive(node, "timestep", option.timestep);
    option.impratio = positive(node, "impratio", option.impratio);
    option.density = notNegative(node, "density", option.density);
    option.viscosity = notNegative(node, "viscosity", option.viscosity);
    readNumbers(node, "gravity", vectors.gravity);
    readNumbers(node, "wind", vectors.wind);
    const { euler, rk4 } = Integrator;
    const integrators = { Euler: euler, RK4: rk4, implicit: -1, implicitfast: -1, discrete: -1 } as const;
    const integrator = readWord<number>(node, "integrator", integrators, option.integrator);
    if (integrator < 0) unsupported(node, "integrator", "this engine has Euler and RK4");
    option.integrator = integrator as PhysicsOptions["integrator"];
    if (has(node, "cone")) elliptic = readWord(node, "cone", { pyramidal: undefined, elliptic: node }, elliptic);
    readWord(node, "solver", { PGS: 0, CG: 0, Newton: 0 }, 0);
    refuseNonzero(node, "noslip_iterations", [readInteger(node, "noslip_iterations", 0)]);
    const groups = node.attributes.actuatorgroupdisable?.trim().split(/\s+/) ?? [];
    for (const group of groups) {
      if (!/^\d{1,2}$/.test(group) || Number(group) > 30) {
        fail(
          node,
          `actuatorgroupdisable="${clip(node.attributes.actuatorgroupdisable)}": expected groups from 0 to 30`,
        );
      }
      disabledGroups.add(Number(group));
    }
    for (const flag of node.children) readFlags(flag, option);
  }
  return { option: { ...option, ...triples(vectors) }, elliptic, disabledGroups };
}

function readFlags(node: Node, option: Record<(typeof flags)[keyof typeof flags], boolean>): void {
  const words = { enable: true, disable: false };
  for (const [flag, name] of Object.entries(flags)) option[name] = readWord(node, flag, words, option[name]);
  for (const flag of ["override", "sleep", "diagexact"]) {
    if (readWord(node, flag, words, false)) unsupported(node, flag);
  }
}

function triples({ gravity, wind }: { gravity: number[]; wind: number[] }): Pick<PhysicsOptions, "gravity" | "wind"> {
  const triple = ([x, y, z]: number[]): [number, number, number] => [x, y, z];
  return { gravity: triple(gravity), wind: triple(wind) };
}

function positive(node: Node, name: string, fallback: number): number {
  const value = readNumber(node, name, fallback);
  if (!(value > 0)) fail(node, `${name}="${node.attributes[name]}": expected more than 0`);
  return value;
}

function notNegative(node: Node, name: string, fallback: number): number {
  const value = readNumber(node, name, fallback);
  if (!(value >= 0)) fail(node, `${name}="${node.attributes[name]}": expected at least 0`);
  return value;
}
