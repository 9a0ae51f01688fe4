// Joints, geoms, sites and actuators as the file describes them. One reader per kind serves elements and default classes
// alike: it copies what it starts from (the class) and writes over it what the element says.

import { GeomType, JointType } from "../compiled.js";
import {
  has,
  type Limited,
  readBoolean,
  readInteger,
  readLimited,
  readName,
  readNumber,
  readNumbers,
  readWord,
} from "./attributes.js";
import { type Orientation, readOrientation } from "./frames.js";
import { fail, type Node } from "./xml.js";

/** Numbers of the types that are read but not simulated, apart from those of `JointType` and `GeomType`. */
export const BALL = 1;
export const MESH_LIKE = -1;

export interface JointSpec {
  type: number;
  pos: number[];
  axis: number[];
  limited: Limited;
  range: number[];
  /** Coefficients of a polynomial in the displacement and in the velocity. */
  stiffness: number[];
  damping: number[];
  springdamper: number[];
  springref: number;
  ref: number;
  armature: number;
  margin: number;
  solref: number[];
  solimp: number[];
  frictionloss: number;
  actuatorfrclimited: Limited;
  actuatorfrcrange: number[];
  actuatorgravcomp: boolean;
}

export interface EqualitySpec {
  active: boolean;
  solref: number[];
  solimp: number[];
}

export interface GeomSpec {
  type: number;
  contype: number;
  conaffinity: number;
  condim: number;
  group: number;
  priority: number;
  size: number[];
  friction: number[];
  /** Undefined: by density. */
  mass: number | undefined;
  density: number;
  shell: boolean;
  solmix: number;
  solref: number[];
  solimp: number[];
  margin: number;
  gap: number;
  pos: number[];
  orientation: Orientation;
  fromto: number[] | undefined;
  rgba: number[];
  material: string | undefined;
  surfacevel: number[];
  adhesion: number;
  fluidEllipsoid: boolean;
  mesh: string | undefined;
  hfield: string | undefined;
}

export interface SiteSpec {
  type: number;
  size: number[];
  pos: number[];
  orientation: Orientation;
  fromto: number[] | undefined;
}

export interface ActuatorSpec {
  group: number;
  ctrllimited: Limited;
  ctrlrange: number[];
  forcelimited: Limited;
  forcerange: number[];
  actlimited: Limited;
  actrange: number[];
  gear: number[];
  damping: number[];
  armature: number;
  nsample: number;
  delay: number;
  actdim: number;
  inheritrange: number;
  dyntype: string;
  gaintype: string;
  biastype: string;
  gainprm: number[];
  biasprm: number[];
}

export interface TendonSpec {
  limited: Limited;
  range: number[];
  stiffness: number[];
  damping: number[];
  frictionloss: number;
}

const solref = (): number[] => [0.02, 1];
const solimp = (): number[] => [0.9, 0.95, 0.001, 0.5, 2];

export const defaultEquality: EqualitySpec = { active: true, solref: solref(), solimp: solimp() };
const orientation = (): Orientation => ({ quat: [1, 0, 0, 0], how: "quat", values: [] });

const jointTypes = { ...JointType, ball: BALL };
const geomTypes = { ...GeomType, hfield: MESH_LIKE, mesh: MESH_LIKE, sdf: MESH_LIKE };

export const defaultJoint: JointSpec = {
  type: JointType.hinge,
  pos: [0, 0, 0],
  axis: [0, 0, 1],
  limited: "auto",
  range: [0, 0],
  stiffness: [0, 0, 0],
  damping: [0, 0, 0],
  springdamper: [0, 0],
  springref: 0,
  ref: 0,
  armature: 0,
  margin: 0,
  solref: solref(),
  solimp: solimp(),
  frictionloss: 0,
  actuatorfrclimited: "auto",
  actuatorfrcrange: [0, 0],
  actuatorgravcomp: false,
};

export const defaultGeom: GeomSpec = {
  type: GeomType.sphere,
  contype: 1,
  conaffinity: 1,
  condim: 3,
  group: 0,
  priority: 0,
  size: [0, 0, 0],
  friction: [1, 0.005, 0.0001],
  mass: undefined,
  density: 1000,
  shell: false,
  solmix: 1,
  solref: solref(),
  solimp: solimp(),
  margin: 0,
  gap: 0,
  pos: [0, 0, 0],
  orientation: orientation(),
  fromto: undefined,
  rgba: [0.5, 0.5, 0.5, 1],
  material: undefined,
  surfacevel: [0, 0, 0, 0, 0, 0],
  adhesion: 0,
  fluidEllipsoid: false,
  mesh: undefined,
  hfield: undefined,
};

export const defaultSite: SiteSpec = {
  type: GeomType.sphere,
  size: [0.005, 0.005, 0.005],
  pos: [0, 0, 0],
  orientation: orientation(),
  fromto: undefined,
};

export const defaultActuator: ActuatorSpec = {
  group: 0,
  ctrllimited: "auto",
  ctrlrange: [0, 0],
  forcelimited: "auto",
  forcerange: [0, 0],
  actlimited: "auto",
  actrange: [0, 0],
  gear: [1, 0, 0, 0, 0, 0],
  damping: [0, 0, 0],
  armature: 0,
  nsample: 0,
  delay: 0,
  actdim: -1,
  inheritrange: 0,
  dyntype: "none",
  gaintype: "fixed",
  biastype: "none",
  gainprm: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  biasprm: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
};

export const defaultTendon: TendonSpec = {
  limited: "auto",
  range: [0, 0],
  stiffness: [0, 0, 0],
  damping: [0, 0, 0],
  frictionloss: 0,
};

// the values over those of `from`, in arrays of their own
function list(node: Node, name: string, from: readonly number[], least?: number): number[] {
  const out = [...from];
  readNumbers(node, name, out, least);
  return out;
}

export function readJoint(node: Node, from: JointSpec): JointSpec {
  return {
    type: readWord(node, "type", jointTypes, from.type),
    pos: list(node, "pos", from.pos),
    axis: list(node, "axis", from.axis),
    limited: readLimited(node, "limited", from.limited),
    range: list(node, "range", from.range),
    stiffness: list(node, "stiffness", from.stiffness, 1),
    damping: list(node, "damping", from.damping, 1),
    springdamper: list(node, "springdamper", from.springdamper),
    springref: readNumber(node, "springref", from.springref),
    ref: readNumber(node, "ref", from.ref),
    armature: readNumber(node, "armature", from.armature),
    margin: readNumber(node, "margin", from.margin),
    solref: readSolref(node, "solreflimit", from.solref),
    solimp: list(node, "solimplimit", from.solimp, 1),
    frictionloss: readNumber(node, "frictionloss", from.frictionloss),
    actuatorfrclimited: readLimited(node, "actuatorfrclimited", from.actuatorfrclimited),
    actuatorfrcrange: list(node, "actuatorfrcrange", from.actuatorfrcrange),
    actuatorgravcomp: readBoolean(node, "actuatorgravcomp", from.actuatorgravcomp),
  };
}

// time constant and damping ratio, or both negative: stiffness and damping
function readSolref(node: Node, name: string, from: readonly number[]): number[] {
  const values = list(node, name, from, 1);
  if (has(node, name) && values[0] > 0 !== values[1] > 0) {
    fail(node, `${name}="${node.attributes[name]}": expected two positive numbers, or none`);
  }
  return values;
}

export function readEquality(node: Node, from: EqualitySpec): EqualitySpec {
  return {
    active: readBoolean(node, "active", from.active),
    solref: readSolref(node, "solref", from.solref),
    solimp: list(node, "solimp", from.solimp, 1),
  };
}

export function readGeom(node: Node, from: GeomSpec): GeomSpec {
  const condim = readInteger(node, "condim", from.condim);
  if (![1, 3, 4, 6].includes(condim)) fail(node, `condim="${node.attributes.condim}": expected 1, 3, 4 or 6`);
  return {
    type: readWord(node, "type", geomTypes, from.type),
    contype: readInteger(node, "contype", from.contype),
    conaffinity: readInteger(node, "conaffinity", from.conaffinity),
    condim,
    group: readInteger(node, "group", from.group),
    priority: readInteger(node, "priority", from.priority),
    size: list(node, "size", from.size, 1),
    friction: list(node, "friction", from.friction, 1),
    mass: has(node, "mass") ? readNumber(node, "mass", 0) : from.mass,
    density: readNumber(node, "density", from.density),
    shell: readBoolean(node, "shellinertia", from.shell),
    solmix: readNumber(node, "solmix", from.solmix),
    solref: readSolref(node, "solref", from.solref),
    solimp: list(node, "solimp", from.solimp, 1),
    margin: readNumber(node, "margin", from.margin),
    gap: readNumber(node, "gap", from.gap),
    pos: list(node, "pos", from.pos),
    orientation: readOrientation(node, from.orientation),
    fromto: readFromto(node, from.fromto),
    rgba: list(node, "rgba", from.rgba),
    material: readName(node, "material") ?? from.material,
    surfacevel: list(node, "surfacevel", from.surfacevel, 1),
    adhesion: readNumber(node, "adhesion", from.adhesion),
    fluidEllipsoid: readWord(node, "fluidshape", { none: false, ellipsoid: true }, from.fluidEllipsoid),
    mesh: readName(node, "mesh") ?? from.mesh,
    hfield: readName(node, "hfield") ?? from.hfield,
  };
}

function readFromto(node: Node, from: number[] | undefined): number[] | undefined {
  return has(node, "fromto") ? list(node, "fromto", [0, 0, 0, 0, 0, 0]) : from;
}

export function readSite(node: Node, from: SiteSpec): SiteSpec {
  return {
    type: readWord(node, "type", geomTypes, from.type),
    size: list(node, "size", from.size, 1),
    pos: list(node, "pos", from.pos),
    orientation: readOrientation(node, from.orientation),
    fromto: readFromto(node, from.fromto),
  };
}

/** All kinds of actuator are one with presets, and share their defaults. */
export function readActuator(node: Node, from: ActuatorSpec): ActuatorSpec {
  const spec: ActuatorSpec = {
    group: readInteger(node, "group", from.group),
    ctrllimited: readLimited(node, "ctrllimited", from.ctrllimited),
    ctrlrange: list(node, "ctrlrange", from.ctrlrange),
    forcelimited: readLimited(node, "forcelimited", from.forcelimited),
    forcerange: list(node, "forcerange", from.forcerange),
    actlimited: readLimited(node, "actlimited", from.actlimited),
    actrange: list(node, "actrange", from.actrange),
    gear: list(node, "gear", from.gear, 1),
    damping: list(node, "damping", from.damping, 1),
    armature: readNumber(node, "armature", from.armature),
    nsample: readInteger(node, "nsample", from.nsample),
    delay: readNumber(node, "delay", from.delay),
    actdim: readInteger(node, "actdim", from.actdim),
    inheritrange: readNumber(node, "inheritrange", from.inheritrange),
    dyntype: node.attributes.dyntype ?? from.dyntype,
    gaintype: node.attributes.gaintype ?? from.gaintype,
    biastype: node.attributes.biastype ?? from.biastype,
    gainprm: list(node, "gainprm", from.gainprm, 1),
    biasprm: list(node, "biasprm", from.biasprm, 1),
  };
  return preset(node, spec);
}

function preset(node: Node, spec: ActuatorSpec): ActuatorSpec {
  const fixed = { dyntype: "none", gaintype: "fixed" };
  const [, ...gains] = spec.gainprm;
  if (node.name === "motor") return { ...spec, ...fixed, biastype: "none", gainprm: [1, ...gains] };
  if (node.name === "velocity") {
    const kv = readNumber(node, "kv", spec.gainprm[0]);
    const biasprm = spec.biasprm.map((_, i) => (i === 2 ? -kv : 0));
    return { ...spec, ...fixed, biastype: "affine", gainprm: [kv, ...gains], biasprm };
  }
  if (node.name !== "position") return spec;
  const kp = readNumber(node, "kp", spec.gainprm[0]);
  const biasprm = [...spec.biasprm];
  biasprm[1] = -kp;
  if (has(node, "kv") && has(node, "dampratio")) fail(node, "has both kv and dampratio");
  for (const name of ["kv", "dampratio", "timeconst"]) {
    if (readNumber(node, name, 0) < 0) fail(node, `${name}="${node.attributes[name]}": expected at least 0`);
  }
  // of the two, a damping ratio is kept with its sign until the inertia is known
  if (has(node, "kv")) biasprm[2] = -readNumber(node, "kv", 0);
  if (has(node, "dampratio")) biasprm[2] = readNumber(node, "dampratio", 0);
  if (spec.inheritrange > 0 && (spec.ctrlrange[0] !== 0 || spec.ctrlrange[1] !== 0)) {
    fail(node, "has both ctrlrange and inheritrange");
  }
  const filter = has(node, "timeconst") && readNumber(node, "timeconst", 0) > 0 ? "filterexact" : "none";
  const dyntype = has(node, "timeconst") ? filter : spec.dyntype;
  return { ...spec, dyntype, gaintype: "fixed", biastype: "affine", gainprm: [kp, ...gains], biasprm };
}

export function readTendon(node: Node, from: TendonSpec): TendonSpec {
  return {
    limited: readLimited(node, "limited", from.limited),
    range: list(node, "range", from.range),
    stiffness: list(node, "stiffness", from.stiffness, 1),
    damping: list(node, "damping", from.damping, 1),
    frictionloss: readNumber(node, "frictionloss", from.frictionloss),
  };
}
