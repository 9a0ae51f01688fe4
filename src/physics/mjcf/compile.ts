// MJCF to a model: the table of contents of the compiler.

import { checkCallback, checkOptions, MjcfError, wrongKind } from "../../check.js";
import { type CompiledModel, GeomType } from "../compiled.js";
import { checkTendons, readActuators } from "./actuators.js";
import {
  actuatorArrays,
  bodyArrays,
  dofArrays,
  equalityArrays,
  geomArrays,
  jointArrays,
  siteArrays,
} from "./arrays.js";
import { Defaults } from "./defaults.js";
import { readWelds } from "./equality.js";
import type { Trigonometry } from "./frames.js";
import { inverseWeights } from "./invweight.js";
import { readCompiler, readOptions } from "./options.js";
import { contactPairs } from "./pairs.js";
import { checkSchema } from "./schema.js";
import { type Body, readTree } from "./tree.js";
import { clip, fail, type Node, readXml } from "./xml.js";

const OP = "loadMjcf";

/** Options of `compileMjcf`. */
export interface MjcfOptions {
  /** What messages call the document; default "model". */
  readonly name?: string;
  /** Gives the text of the file that an `<include>` names, by the path as written; without it, includes are refused. */
  readonly resolve?: (path: string) => string;
}

// where the geoms of a model come from, for messages about it
const sources = new WeakMap<CompiledModel, readonly Node[]>();

/**
 * Compiles an MJCF document. What would change the physics and is not supported is an `MjcfError` that names the element
 * and its line, as is whatever is not valid; see `checkSimulable` for contacts between shapes.
 * @internal
 */
export function compileMjcf(kernels: Trigonometry, xml: string, options?: MjcfOptions): CompiledModel {
  const { name = "model", resolve } = checkOptions(OP, options, ["name", "resolve"]);
  if (typeof xml !== "string") wrongKind(OP, "xml", "a string", xml);
  if (typeof name !== "string") wrongKind(OP, "name", "a string", name);
  checkCallback(OP, "resolve", resolve);

  const root = readXml(xml, name, resolve);
  checkSchema(root);
  const section = (wanted: string): Node[] => root.children.filter((child) => child.name === wanted);
  const rules = readCompiler(kernels, section("compiler"));
  const read = readOptions(section("option"));
  const defaults = new Defaults(section("default"));
  const bodies = readTree(section("worldbody"), rules, defaults, root);
  scaleMass(bodies, rules.settotalmass);

  const joints = bodies.flatMap((body) => body.joints);
  const dofs = dofArrays(bodies);
  const weights = inverseWeights(bodies, dofs.dofArmature);
  const tree = bodyArrays(bodies);
  const jointTable = jointArrays(bodies);
  const geoms = bodies.flatMap((body) => body.geoms);
  const geomTable = geomArrays(bodies, section("asset"));
  const siteTable = siteArrays(bodies);
  const pairs = contactPairs(geoms, { ...tree, ...geomTable }, read, section("contact"));
  checkTendons(section("tendon"), joints, rules, defaults);
  const actuators = readActuators(section("actuator"), {
    joints,
    rules,
    defaults,
    disabledGroups: read.disabledGroups,
    inertia: (joint) => weights.dofM0[jointTable.jntDofAdr[joint]],
  });

  const welds = readWelds(section("equality"), bodies, defaults);

  const model: CompiledModel = {
    name: root.attributes.model ?? "",
    nq: jointTable.qpos0.length,
    nv: dofs.dofBody.length,
    nu: actuators.length,
    nbody: bodies.length,
    njnt: joints.length,
    ngeom: geoms.length,
    nsite: siteTable.siteName.length,
    nmocap: bodies.filter(({ mocap }) => mocap).length,
    neq: welds.length,
    option: read.option,
    ...weights,
    ...tree,
    ...jointTable,
    ...dofs,
    ...geomTable,
    ...siteTable,
    ...actuatorArrays(actuators),
    ...equalityArrays(welds),
    pairs,
  };
  checkFiniteModel(model, root);
  sources.set(
    model,
    geoms.map(({ node }) => node),
  );
  return model;
}

/**
 * Refuses a model in which shapes can touch that this engine has no contacts for: it has those of planes, spheres and
 * capsules. The error names both.
 * @internal
 */
export function checkSimulable(model: CompiledModel): void {
  const { plane, sphere, capsule } = GeomType;
  const known = [plane, sphere, capsule] as readonly number[];
  const name = (type: number): string => Object.entries(GeomType).find(([, number]) => number === type)?.[0] ?? "?";
  for (const { geom1, geom2 } of model.pairs) {
    const odd = [geom2, geom1].find((geom) => !known.includes(model.geomType[geom]));
    if (odd === undefined) continue;
    const other = odd === geom1 ? geom2 : geom1;
    const [a, b] = [odd, other].map((geom) => ({
      node: sources.get(model)?.[geom],
      type: name(model.geomType[geom]),
      label: model.geomName[geom] ? ` "${clip(model.geomName[geom])}"` : "",
    }));
    const where = b.node === undefined ? `number ${other}` : `of ${b.node.file}:${b.node.line}`;
    const reason = `can touch the ${b.type}${b.label} ${where}; contacts are those of planes, spheres and capsules`;
    const message = `<geom>${a.label} of type ${a.type} ${reason}`;
    throw new MjcfError(a.node?.file ?? model.name, a.node?.line ?? 1, "geom", message);
  }
}

// masses and inertias in proportion, so that the masses sum to `total`
function scaleMass(bodies: readonly Body[], total: number): void {
  if (!(total > 0)) return;
  const sum = bodies.reduce((mass, body) => mass + body.mass, 0);
  const scale = Math.max(1e-15, total / Math.max(1e-15, sum));
  for (const body of bodies) {
    body.mass *= scale;
    body.moments = body.moments.map((moment) => moment * scale);
  }
}

// numbers that are valid one by one can still be too large or too small together
function checkFiniteModel(model: CompiledModel, root: Node): void {
  for (const [name, value] of Object.entries(model)) {
    const numbers = typeof value === "number" ? [value] : value instanceof Float64Array ? value : [];
    if (!numbers.every(Number.isFinite)) fail(root, `gives a model whose ${name} is not finite`);
  }
}
