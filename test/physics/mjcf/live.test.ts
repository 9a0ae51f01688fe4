// The compiler against the official build, run live: random documents and changed copies of the models, array by array; and
// what the arrays do not show, by what MuJoCo does with the model: which limits hold, how actuators clamp, which pairs of
// geoms touch and with which parameters.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MjcfError } from "../../../src/check.js";
import { type CompiledModel, GeomType, JointType } from "../../../src/physics/index.js";
import { mjcfFixture, mujoco, mujocoModel } from "../../support/mujoco.js";
import { randomMjcf, randomNumbers } from "./random-model.js";
import { compareModels, compile, mujocoArrays } from "./support.js";

const live = suite("mjcf live");

type MjModel = ReturnType<typeof mujocoModel>;
type MjData = InstanceType<typeof mujoco.MjData>;

/** What both make of a document; undefined where both refuse it. */
function both(xml: string): CompiledModel | undefined {
  let theirs: ReturnType<typeof mujocoArrays> | Error;
  try {
    theirs = mujocoArrays(xml);
  } catch (error) {
    theirs = error as Error;
  }
  try {
    const ours = compile(xml);
    assert.not.instance(theirs, Error, `MuJoCo refuses what we accept: ${theirs}`);
    compareModels(ours, theirs as ReturnType<typeof mujocoArrays>, true);
    return ours;
  } catch (error) {
    if (!(error instanceof MjcfError)) throw error;
    if (theirs instanceof Error) return undefined;
    // MuJoCo goes on with a mass matrix that has no inverse
    assert.match(error.message, /the mass matrix is singular/, `we refuse what MuJoCo accepts: ${error.message}`);
    const [weight, mass] = [theirs.dof_invweight0, theirs.dof_M0] as ArrayLike<number>[];
    assert.ok(Array.from(weight).some((w, i) => w * mass[i] > 1e10));
    return undefined;
  }
}

function withData<T>(xml: string, use: (model: MjModel, data: MjData) => T): T {
  const model = mujocoModel(xml);
  const data = new mujoco.MjData(model);
  try {
    return use(model, data);
  } finally {
    data.delete();
    model.delete();
  }
}

const DISABLE_EQUALITY = 2;
const DISABLE_LIMIT = 8;
const DISABLE_CONTACT = 16;

// joints moved beyond their ranges one by one: MuJoCo has a row for exactly those that are limited
function compareLimits(xml: string, ours: CompiledModel): void {
  if (!ours.option.limit || !ours.option.constraint) return;
  withData(xml, (model, data) => {
    model.opt.disableflags |= DISABLE_CONTACT | DISABLE_EQUALITY;
    for (let joint = 0; joint < ours.njnt; joint++) {
      if (ours.jntType[joint] === JointType.free) continue;
      data.qpos.set(ours.qpos0);
      data.qpos[ours.jntQposAdr[joint]] = ours.jntRange[2 * joint + 1] + 0.3;
      mujoco.mj_forward(model, data);
      let expected = 0;
      for (let other = 0; other < ours.njnt; other++) {
        const [low, high] = ours.jntRange.subarray(2 * other);
        const q = data.qpos[ours.jntQposAdr[other]];
        const margin = ours.jntMargin[other];
        if (ours.jntLimited[other] === 1) expected += Number(q - low < margin) + Number(high - q < margin);
      }
      assert.is(data.nefc, expected, `limits with joint ${joint} beyond its range`);
    }
  });
}

// large controls, positions and velocities, with the formula of the interface
function compareActuators(xml: string, ours: CompiledModel, random: () => number): void {
  if (ours.nu === 0) return;
  withData(xml, (model, data) => {
    model.opt.disableflags |= DISABLE_CONTACT | DISABLE_LIMIT;
    for (let sample = 0; sample < 4; sample++) {
      data.qpos.set(ours.qpos0);
      for (let joint = 0; joint < ours.njnt; joint++) {
        if (ours.jntType[joint] !== JointType.free) data.qpos[ours.jntQposAdr[joint]] = random() - 0.5;
      }
      for (let dof = 0; dof < ours.nv; dof++) data.qvel[dof] = random() - 0.5;
      for (let i = 0; i < ours.nu; i++) data.ctrl[i] = 8 * (random() - 0.5);
      const ctrl = Array.from(data.ctrl as ArrayLike<number>);
      mujoco.mj_forward(model, data);
      for (let i = 0; i < ours.nu; i++) {
        const clamp = (x: number, limited: number, range: Float64Array): number =>
          limited === 1 ? Math.min(range[1], Math.max(range[0], x)) : x;
        const joint = ours.actuatorJnt[i];
        const gear = ours.actuatorGear[i];
        const u = clamp(ctrl[i], ours.actuatorCtrllimited[i], ours.actuatorCtrlrange.subarray(2 * i));
        const [b0, b1, b2] = ours.actuatorBias.subarray(3 * i);
        const length = gear * data.qpos[ours.jntQposAdr[joint]];
        const velocity = gear * data.qvel[ours.jntDofAdr[joint]];
        const force = ours.actuatorGain[i] * u + b0 + b1 * length + b2 * velocity;
        const limit = ours.actuatorForcerange.subarray(2 * i);
        const expected = clamp(force, ours.actuatorForcelimited[i], limit);
        const got = data.actuator_force[i];
        assert.ok(Math.abs(got - expected) <= 1e-9 * (1 + Math.abs(got)), `actuator ${i}: ${expected}, MuJoCo ${got}`);
      }
    }
  });
}

// what MuJoCo's general convex routine does not find at any distance, or counts in its own way
const simple: readonly number[] = [GeomType.plane, GeomType.sphere, GeomType.capsule];

// with margins that reach everywhere, every pair that can touch does
function comparePairs(xml: string, ours: CompiledModel): number {
  return withData(xml, (model, data) => {
    const key = (a: number, b: number): string => `${a} ${b}`;
    const known = new Map(ours.pairs.map((pair) => [key(pair.geom1, pair.geom2), pair]));
    const margins = model.geom_margin as Float64Array;
    margins.forEach((margin, geom) => {
      margins[geom] = margin + 30;
    });
    (model.body_margin as Float64Array).fill(30);
    mujoco.mj_forward(model, data);
    const found = new Set<string>();
    const contacts = data.contact;
    for (let i = 0; i < contacts.size(); i++) {
      const contact = contacts.get(i)!;
      const [a, b] = Array.from(contact.geom as ArrayLike<number>);
      found.add(key(a, b));
      const pair = known.get(key(a, b));
      assert.ok(pair, `MuJoCo has a contact of geoms ${a} and ${b}`);
      assert.is(pair.condim, contact.dim, "condim");
      const close = (name: string, x: readonly number[], y: ArrayLike<number>): void => {
        const far = x.some((value, k) => !(Math.abs(value - y[k]) <= 1e-12 * (1 + Math.abs(y[k]))));
        assert.not(far, `${name}: ${x}, MuJoCo ${Array.from(y)}`);
      };
      close("friction", pair.friction, contact.friction as ArrayLike<number>);
      close("solref", pair.solref, contact.solref as ArrayLike<number>);
      close("solimp", pair.solimp, contact.solimp as ArrayLike<number>);
      close("margin", [pair.margin + 60], [contact.includemargin]);
      contact.delete();
    }
    contacts.delete();
    for (const { geom1, geom2 } of ours.pairs) {
      const plain = simple.includes(ours.geomType[geom1]) && simple.includes(ours.geomType[geom2]);
      if (plain) assert.ok(found.has(key(geom1, geom2)), `MuJoCo has no contact of geoms ${geom1} and ${geom2}`);
    }
    return found.size;
  });
}

live("300 random documents: the same arrays, limits, actuator forces and contacts", () => {
  let [models, pairs] = [0, 0];
  for (let seed = 1; seed <= 300; seed++) {
    const xml = randomMjcf(seed);
    try {
      const ours = both(xml);
      if (ours === undefined) continue;
      models++;
      compareLimits(xml, ours);
      compareActuators(xml, ours, randomNumbers(seed));
      pairs += comparePairs(xml, ours);
    } catch (error) {
      (error as Error).message = `seed ${seed}: ${(error as Error).message}`;
      throw error;
    }
  }
  console.log(`note: ${models} models, ${pairs} pairs of geoms`);
  assert.ok(models > 240 && pairs > 5000);
});

const files = ["ant", "half_cheetah", "hopper", "humanoid", "humanoidstandup", "inverted_double_pendulum"]
  .concat(["inverted_pendulum", "point", "pusher", "pusher_v5", "reacher", "swimmer", "walker2d", "walker2d_v5"])
  .map((name) => `gymnasium/${name}.xml`)
  .concat(["pendulum", "cartpole", "acrobot"].map((name) => `dm_control/${name}.xml`));

// numbers of these attributes are scaled, each by its own factor
const scaled = /\b(density|size|gear|damping|friction|armature|stiffness|mass|settotalmass)="([^"]*)"/g;

function mutated(xml: string, random: () => number): string {
  const changed = xml.replace(scaled, (_, name: string, values: string) => {
    const numbers = values.trim().split(/\s+/);
    return `${name}="${numbers.map((word) => (Number(word) * (0.8 + 0.4 * random())).toPrecision(8)).join(" ")}"`;
  });
  const at = changed.lastIndexOf("</body>");
  const link = `<body pos="0.1 0.05 -0.2" euler="10 20 30"><joint type="hinge" axis="0 1 0.2" range="-40 50"/>
    <geom type="capsule" size="0.04 0.1" contype="1" conaffinity="1" condim="3" friction="0.7"/></body>`;
  return changed.slice(0, at) + link + changed.slice(at);
}

for (const file of files) {
  live(`${file}: as it is and in 5 changed copies with one link more`, () => {
    const random = randomNumbers(file.length);
    const xml = mjcfFixture(file);
    for (let copy = 0; copy <= 5; copy++) {
      const text = copy === 0 ? xml : mutated(xml, random);
      const ours = both(text);
      assert.ok(ours, "MuJoCo refuses it");
      compareLimits(text, ours);
      compareActuators(text, ours, random);
      comparePairs(text, ours);
    }
  });
}

live.run();
