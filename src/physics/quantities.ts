// What can be read off an evaluation, by name: where it lies in a workspace, and what is put together from that.

import type { CompiledModel } from "./compiled.js";
import type { Lanes } from "./lanes.js";
import { Header } from "./layout.js";
import type { Model } from "./model.js";
import { firstPoints, Observe, Observed } from "./observe.js";

/**
 * Quantities of a simulation, each of shape [B, …] in the world frame, in metres, radians, seconds, kilograms and newtons:
 *
 * | name | shape | what |
 * | --- | --- | --- |
 * | `xpos`, `xquat` | [nbody, 3], [nbody, 4] | frames of the bodies; quaternions w x y z |
 * | `xipos` | [nbody, 3] | centers of mass of the bodies |
 * | `geomXpos`, `geomXmat` | [ngeom, 3], [ngeom, 9] | frames of the geoms; rotations by rows |
 * | `siteXpos` | [nsite, 3] | places of the sites |
 * | `subtreeCom`, `subtreeLinvel` | [nbody, 3] | of the mass of a body and all that it carries: center, velocity |
 * | `cinert` | [nbody, 10] | inertia xx yy zz xy xz yz, mass · offset, mass, about the center of the body-tree |
 * | `cvel` | [nbody, 6] | angular, then linear velocity, at the center of the body-tree |
 * | `cfrcExt` | [nbody, 6] | contact forces on the body, not those of welds: moment about the center of the body-tree, force |
 * | `massMatrix` | [nv, nv] | of the joints, symmetric |
 * | `qfrcBias`, `qfrcPassive`, `qfrcActuator`, `qfrcConstraint` | [nv] | forces on the joints |
 * | `qaccSmooth`, `qacc` | [nv] | accelerations without constraints, and with them |
 * | `energy` | [2] | potential (gravity and springs), kinetic |
 *
 * The body-tree is all that hangs on one body below the world, and its center that of its mass, as MuJoCo has it.
 */
export type Quantity = Stored | "massMatrix" | "energy";

/** Quantities that lie in a workspace as they are read. */
type Stored = keyof typeof stored;

interface Place {
  readonly place: number;
  readonly size: number;
  /** Bits of `Observe`. */
  readonly observe: number;
}

const points =
  (kind: keyof ReturnType<typeof firstPoints>, count: "nbody" | "ngeom" | "nsite") =>
  (model: CompiledModel, header: Int32Array): Place => ({
    place: header[Observed.xpoint] + 48 * firstPoints(model)[kind],
    size: 3 * model[count],
    observe: Observe.points,
  });

const observed =
  (word: keyof typeof Observed, count: "nbody" | "ngeom", each: number, bit: keyof typeof Observe) =>
  (model: CompiledModel, header: Int32Array): Place => ({
    place: header[Observed[word]],
    size: each * model[count],
    observe: Observe[bit],
  });

const joints =
  (word: keyof typeof Header) =>
  ({ nv }: CompiledModel, header: Int32Array): Place => ({ place: header[Header[word]], size: nv, observe: 0 });

const stored = {
  xpos: points("body", "nbody"),
  xquat: observed("xquat", "nbody", 4, "quaternions"),
  xipos: points("center", "nbody"),
  geomXpos: points("geom", "ngeom"),
  geomXmat: observed("geomXmat", "ngeom", 9, "matrices"),
  siteXpos: points("site", "nsite"),
  subtreeCom: observed("subtreeCom", "nbody", 3, "centers"),
  subtreeLinvel: observed("subtreeLinvel", "nbody", 3, "velocities"),
  cinert: observed("cinert", "nbody", 10, "inertias"),
  cvel: observed("cvel", "nbody", 6, "velocities"),
  cfrcExt: observed("cfrcExt", "nbody", 6, "forces"),
  qfrcBias: joints("qfrcBias"),
  qfrcPassive: joints("qfrcPassive"),
  qfrcActuator: joints("qfrcActuator"),
  qfrcConstraint: joints("qfrcConstraint"),
  qaccSmooth: joints("qaccSmooth"),
  qacc: joints("qacc"),
} as const;

/** Every name. */
export const quantityNames = [...(Object.keys(stored) as Stored[]), "massMatrix", "energy"] as const;

/** Numbers of a quantity for one environment, and what must have been observed to read it. @internal */
export function quantityOf({ compiled, layout }: Model, name: Quantity): { size: number; observe: number } {
  if (name === "massMatrix") return { size: compiled.nv * compiled.nv, observe: 0 };
  if (name === "energy") return { size: 2, observe: Observe.points };
  return stored[name](compiled, layout.tables.header);
}

/** Reads a quantity of every environment into `out`. @internal */
export function readQuantity(model: Model, name: Quantity, evaluated: Lanes, batch: number, out: Float64Array): void {
  if (name === "massMatrix") {
    for (let b = 0; b < batch; b++) out.set(massMatrix(model, evaluated, b), b * model.nv * model.nv);
  } else if (name === "energy") {
    for (let b = 0; b < batch; b++) out.set(energy(model, evaluated, b), 2 * b);
  } else {
    const { place, size } = stored[name](model.compiled, model.layout.tables.header);
    evaluated.rows(place, size, out);
  }
}

/** A stored quantity of one environment. @internal */
export function rowOf({ compiled, layout }: Model, name: Stored, evaluated: Lanes, b: number): Float64Array {
  const { place, size } = stored[name](compiled, layout.tables.header);
  return evaluated.row(b, place, size);
}

/** Positions and quaternions of the geoms of every environment into `out` [B, ngeom, 7]. @internal */
export function readPoses(model: Model, evaluated: Lanes, batch: number, out: Float32Array): Float32Array {
  const { ngeom } = model.compiled;
  const place = model.layout.tables.header[Observed.geomXquat];
  const quaternions = new Float64Array(4 * ngeom);
  for (let b = 0, at = 0; b < batch; b++) {
    const positions = rowOf(model, "geomXpos", evaluated, b);
    evaluated.row(b, place, 4 * ngeom, quaternions);
    for (let g = 0; g < ngeom; g++, at += 7) {
      for (let k = 0; k < 3; k++) out[at + k] = positions[3 * g + k];
      for (let k = 0; k < 4; k++) out[at + 3 + k] = quaternions[4 * g + k];
    }
  }
  return out;
}

// from the packed rows of the lower triangle
function massMatrix({ nv, layout }: Model, evaluated: Lanes, b: number): Float64Array {
  const out = new Float64Array(nv * nv);
  layout.chains.forEach((chain, i) => {
    const row = evaluated.row(b, layout.tables.header[Header.mass] + layout.rows[i], chain.length);
    chain.forEach((j, t) => {
      out[i * nv + j] = row[t];
      out[j * nv + i] = row[t];
    });
  });
  return out;
}

function energy(model: Model, evaluated: Lanes, b: number): [number, number] {
  const { compiled, nq, nv, layout } = model;
  const { option, bodyMass, jntStiffness, jntQposAdr, qposSpring } = compiled;
  const { header } = layout.tables;
  const qpos = evaluated.row(b, header[Header.qpos], nq);
  const qvel = evaluated.row(b, header[Header.qvel], nv);
  const centers = rowOf(model, "xipos", evaluated, b);
  let potential = 0;
  if (option.gravityOn) {
    bodyMass.forEach((mass, body) => {
      for (let k = 0; k < 3; k++) potential -= mass * option.gravity[k] * centers[3 * body + k];
    });
  }
  if (option.spring) {
    jntStiffness.forEach((stiffness, joint) => {
      const stretch = qpos[jntQposAdr[joint]] - qposSpring[jntQposAdr[joint]];
      potential += 0.5 * stiffness * stretch * stretch;
    });
  }
  const matrix = massMatrix(model, evaluated, b);
  let kinetic = 0;
  for (let i = 0; i < nv; i++) {
    for (let j = 0; j < nv; j++) kinetic += 0.5 * qvel[i] * matrix[i * nv + j] * qvel[j];
  }
  return [potential, kinetic];
}
