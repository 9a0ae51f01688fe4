// The accuracy protocol itself, held against the official build: it finds no error where there is none, lets a float32 rounding
// pass, and catches each of the mistakes that a simulator is likely to make, at the level where it belongs.
import type { MjModel } from "@mujoco/mujoco";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { modelNamed, models, xmlOf } from "./accuracy/models.js";
import { conservativeCopy, extraLink, mutate, smoothCopy, withFlags } from "./accuracy/mutate.js";
import { Official, officialEngine } from "./accuracy/official.js";
import { describeRow, errorOf } from "./accuracy/ledger.js";
import { measure } from "./accuracy/protocol.js";
import { drawReference, type Reference, recordedReference } from "./accuracy/reference.js";
import type { Engine, Numbers } from "./accuracy/simulated.js";
import { kolmogorovSmirnov, quantile, randomOf } from "./accuracy/statistics.js";

const protocol = suite("accuracy protocol");
const amounts = { states: 25, smooth: 2, contact: 3, episodes: 8 };

const references = new Map<string, Reference>();
function referenceOf(name: string): Reference {
  const spec = modelNamed(name);
  const known = references.get(name) ?? (spec.recorded ? recordedReference(spec) : drawReference(spec, amounts, 1));
  references.set(name, known);
  return known;
}

const failures = (rows: ReturnType<typeof measure>) => rows.filter(({ passed }) => !passed).map(describeRow);

for (const { name } of models) {
  protocol(`${name}: the official build agrees with its records`, () => {
    for (const row of measure(officialEngine("MuJoCo"), referenceOf(name), { levels: [1, 2, 3, 4, 5, 6] })) {
      // steps were recorded with the solver's default tolerance, and positions have 12 digits
      assert.ok(row.max <= (row.level === "5" ? 1e-6 : 1e-10), describeRow(row));
    }
  });

  protocol(`${name}: rounding to float32 passes`, () => {
    const rows = measure(officialEngine("float32", { bits: 24 }), referenceOf(name), {
      levels: [1, 2, 3, 4, 5, 6, 7],
    });
    assert.equal(failures(rows), []);
  });
}

protocol("rounding to float32 passes where episodes are chaotic", () => {
  const engine = officialEngine("float32", { bits: 24 });
  assert.equal(failures(measure(engine, recordedReference(modelNamed("half_cheetah")), { levels: [8] })), []);
});

const EULERDAMP = 1 << 15;
const PGS = 0;
const scaleAll = (values: Float64Array, factor: number) => values.set(values.map((x) => x * factor));
const friction = (model: MjModel) => scaleAll(model.geom_friction, 1.01);
// the greater of two equal margins is half of their sum
const margin = (model: MjModel) => scaleAll(model.geom_margin, 0.5);
const armature = (model: MjModel) => model.dof_armature.fill(0);
const explicit = ({ opt }: MjModel) => {
  opt.disableflags |= EULERDAMP;
};
const fewIterations = ({ opt }: MjModel) => {
  opt.solver = PGS;
  opt.iterations = 10;
};

const mistakes: readonly [string, string, string, (model: MjModel) => void][] = [
  ...["hopper", "half_cheetah", "walker2d_v5", "ant"].map(
    (name) => ["1 % more friction", name, "4", friction] as [string, string, string, typeof friction],
  ),
  ["the greater margin instead of the sum", "hopper", "3", margin],
  ["the greater margin instead of the sum", "ant", "3", margin],
  ["explicit damping", "half_cheetah", "5", explicit],
  ["explicit damping", "dmc_pendulum", "5", explicit],
  ["no armature", "hopper", "2", armature],
  ["no armature", "swimmer", "2", armature],
  ["ten iterations of Gauss-Seidel", "half_cheetah", "4", fewIterations],
  ["ten iterations of Gauss-Seidel", "ant", "4", fewIterations],
];
for (const [what, name, level, spoil] of mistakes) {
  protocol(`${name}: ${what} fails from level ${level} on`, () => {
    const rows = measure(officialEngine(what, { spoil }), referenceOf(name), { levels: [1, 2, 3, 4, 5] });
    const failed = rows.filter((row) => !row.passed && row.quantity !== "energy").map((row) => row.level);
    assert.is(failed.sort()[0], level);
    assert.ok(failed.includes("5"), "does not show in steps");
  });
}

for (const name of ["swimmer", "hopper", "half_cheetah"]) {
  protocol(`${name}: a different distribution fails`, () => {
    const spoil = (model: MjModel) => scaleAll(model.actuator_gear, 1.2);
    const rows = measure(officialEngine("strong", { spoil }), referenceOf(name), { levels: [8] });
    assert.ok(rows.some(({ quantity, passed }) => quantity.startsWith("mean of ") && !passed));
  });
}

protocol("scatter of a simulator's own raises no gate", () => {
  const random = randomOf(9);
  class Unsteady extends Official {
    override step(ctrl: readonly Numbers[], repeat: number): void {
      const noisy = ctrl.map((row) => Array.from(row, (x) => x + 0.2 * random.normal()));
      super.step(noisy, repeat);
    }
  }
  const unsteady: Engine = { name: "unsteady", load: (xml) => new Unsteady(xml) };
  const [wide, narrow] = [unsteady, officialEngine("MuJoCo")].map((engine) =>
    measure(engine, referenceOf("hopper"), { levels: [8] }),
  );
  assert.equal(
    wide!.map(({ gate }) => gate),
    narrow!.map(({ gate }) => gate),
  );
  const displacement = wide!.find(({ quantity }) => quantity.startsWith("mean of displacement"));
  assert.is(displacement?.passed, false, displacement && describeRow(displacement));
});

protocol("leaked energy and deep contacts fail", () => {
  const tired = (model: MjModel) => model.dof_damping.fill(1e-3);
  const soft = (model: MjModel) => scaleAll(model.geom_solref, 1.5);
  for (const [spoil, quantity] of [
    [tired, "energy gained, conservative copy"],
    [soft, "deepest penetration"],
  ] as const) {
    const rows = measure(officialEngine("spoiled", { spoil }), referenceOf("half_cheetah"), { levels: [7] });
    assert.is(rows.find((row) => row.quantity === quantity)?.passed, false, quantity);
  }
});

protocol("fresh records are a function of the seed, of every kind", () => {
  const spec = modelNamed("reacher");
  const few = { states: 8, smooth: 1, contact: 1, episodes: 2 };
  const [a, b, c] = [3, 3, 4].map((seed) => drawReference(spec, few, seed));
  assert.equal(a, b);
  assert.not.equal(a!.states[0]!.qpos, c!.states[0]!.qpos);
  assert.equal([...new Set(a!.states.map(({ kind }) => kind))], ["reset", "rollout", "perturbed", "limit"]);
});

protocol("copies of documents: flags, no dissipation, other numbers, one more link", () => {
  for (const spec of models) {
    const xml = xmlOf(spec);
    const load = (text: string) => new Official(text).model;
    const original = load(xml);
    assert.is(load(smoothCopy(xml)).opt.disableflags & 0b11000, 0b11000, `${spec.name}: contact, limit`);
    const conservative = load(conservativeCopy(xml));
    assert.is(Math.max(...conservative.dof_damping), 0);
    assert.is(conservative.opt.density + conservative.opt.viscosity, 0);
    const changed = load(mutate(xml, randomOf(5)));
    const moves = (property: "body_mass" | "geom_size" | "actuator_gear" | "actuator_gainprm"): boolean =>
      Array.from(changed[property] as Float64Array).some((x, i) => Math.abs(x / original[property][i] - 1) > 1e-3);
    for (const property of ["body_mass", "geom_size"] as const) assert.ok(moves(property), `${spec.name}: ${property}`);
    assert.ok(moves("actuator_gear") || moves("actuator_gainprm"), `${spec.name}: actuators are as they were`);
    const longer = load(extraLink(xml, randomOf(5)));
    assert.is(longer.nv, original.nv + 1);
    assert.is(longer.nbody, original.nbody + 1);
  }
  const flagged = withFlags('<mujoco><option><flag contact="enable" energy="enable"/></option></mujoco>', {
    contact: "disable",
  });
  assert.is(flagged, '<mujoco><option><flag energy="enable" contact="disable"/></option></mujoco>');
});

protocol("gates rise with MuJoCo rounded alone, for float32 alone, and say so", () => {
  const reference = referenceOf("half_cheetah");
  const rows = (precision: "float32" | "float64", levels: number[]) =>
    measure(officialEngine("MuJoCo"), reference, { levels, precision });
  const displacement = rows("float32", [8]).find(({ quantity }) => quantity.startsWith("mean of displacement"))!;
  assert.equal(displacement.plain, { max: 0.02 });
  assert.ok(displacement.gate.max! > 0.02 && displacement.rounded!.max > 0);
  assert.ok(rows("float64", [1, 2, 6, 7]).every(({ plain, rounded }) => !plain && !rounded));
  const smooth = rows("float32", [1, 2]);
  assert.ok(smooth.every(({ rounded }) => rounded && rounded.max < 1e-5));
  assert.ok(smooth.find(({ quantity }) => quantity === "qfrc_bias")!.rounded!.max > 0);
  assert.ok(smooth.every(({ quantity, plain }) => !plain || ["qfrc_bias", "qacc_smooth"].includes(quantity)));
});

protocol("rounding keeps as many bits as it says", () => {
  const xml = xmlOf(modelNamed("dmc_pendulum"));
  for (const bits of [24, 48]) {
    const official = new Official(xml, { bits });
    const one = 1 + 2 ** (1 - bits);
    official.begin([{ qpos: [one], qvel: [1 + 2 ** -bits * 0.75] }]);
    assert.equal(
      official.states().map(({ qpos, qvel }) => [qpos[0], qvel[0]]),
      [[one, 1]],
    );
    official.dispose();
  }
});

protocol("errors: relative above one, absolute below, never blind to NaN", () => {
  assert.is(errorOf([1, 2.5], [1, 2]), 0.25);
  assert.is(errorOf([0.25], [0]), 0.25);
  assert.is(errorOf([Number.NaN, 0], [0, 0]), Number.POSITIVE_INFINITY);
  assert.is(errorOf([Number.POSITIVE_INFINITY], [0]), Number.POSITIVE_INFINITY);
  assert.throws(() => errorOf([1], [1, 2]), RangeError);
  assert.is(quantile([4, 1, 3, 2], 0.5), 2);
  assert.is(quantile([4, 1, 3, 2], 0.95), 4);
});

protocol("Kolmogorov-Smirnov: as often below a probability as it says, small for different samples", () => {
  const random = randomOf(1);
  const sample = (shift = 0) => Array.from({ length: 32 }, () => random.normal() + shift);
  const low = Array.from({ length: 400 }, () => kolmogorovSmirnov(sample(), sample())).filter((p) => p < 0.1).length;
  assert.ok(low > 15 && low < 60, `${low} of 400 below 0.1`);
  assert.ok(kolmogorovSmirnov(sample(), sample(2)) < 1e-4);
  const same = sample();
  assert.is(kolmogorovSmirnov(same, same), 1);
  assert.ok(kolmogorovSmirnov(sample().fill(1), sample().fill(1 + 1e-7)) < 1e-4);
  assert.is(kolmogorovSmirnov(sample().fill(1), sample().fill(1 + 1e-7), 1e-6), 1);
});

protocol.run();
