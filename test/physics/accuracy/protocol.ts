// The accuracy protocol: how far a simulator is from reference records, level by level, and what is allowed.
//
//   0 compile         every array of the compiled model
//   1 state           positions of bodies relative to their root's, energy, a Jacobian
//   2 smooth          mass matrix, bias, passive and actuator forces, unconstrained acceleration
//   3 contacts        which, how deep, where, in which direction
//   4 constrained     acceleration, against the minimizer of MuJoCo's convex problem
//   5 steps           one step, one control step
//   6 trajectories    one second without feedback: a without contacts and limits, b with them
//   7 sanity          deepest penetration along a trajectory; energy of a copy that conserves it
//   8 distribution    statistics of episodes under a fixed policy
//
// The error of a against b is max |a − b| / max(1, max |b|). A float32 simulator cannot be closer than MuJoCo is to itself when its
// state is rounded to float32 after every step, and its mass matrix before it is solved with; where a gate needs that floor, it is
// computed on the same states and trajectories.
import { comparisons, mujocoArrays } from "../mjcf/support.js";
import { episodes, type EpisodeStatistics } from "./episodes.js";
import { conservativeCopy, smoothCopy } from "./mutate.js";
import { officialEngine } from "./official.js";
import type { Reference, StateRecord, Trajectory } from "./reference.js";
import type { ContactRecord, Engine, Evaluation, Glance, Numbers, Simulated } from "./simulated.js";
import { kolmogorovSmirnov, mean, quantile, standardError } from "./statistics.js";

/** What a quantity's errors may be at most: their median, 95th percentile, maximum. */
export interface Gate {
  readonly median?: number;
  readonly p95?: number;
  readonly max?: number;
}

/** One line of the table. */
export interface Row {
  readonly model: string;
  readonly level: string;
  readonly quantity: string;
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  readonly gate: Gate;
  readonly passed: boolean;
}

const NOISE_FACTOR = 30;
const SOLVE_FACTOR = 4;
/** Contacts this close to where they begin may be there or not. */
const BORDER = 1e-5;

/** Standard errors that means of chaotic episodes may be apart. */
const CHANCE = 4;

const exact = (max: number): Gate => ({ max });
const acceleration: Gate = { median: 1e-5, p95: 1e-4, max: 1e-3 };
const velocity: Gate = { median: 1e-5, max: 1e-3 };
const position: Gate = { median: 1e-6, max: 1e-5 };

/** Error of a against b; not finite where a is not. */
export function errorOf(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) throw new RangeError(`errorOf: ${a.length} numbers against ${b.length}`);
  let difference = 0;
  let scale = 1;
  for (let i = 0; i < b.length; i++) {
    const error = Math.abs(a[i]! - b[i]!);
    if (!(error <= difference)) difference = Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return difference / scale;
}

/** Errors by level and quantity, and what they may be. */
class Ledger {
  readonly #entries = new Map<string, { level: string; quantity: string; gate: Gate; errors: number[] }>();

  add(level: string, quantity: string, gate: Gate, ...errors: number[]): void {
    const key = `${level} ${quantity}`;
    const entry = this.#entries.get(key) ?? { level, quantity, gate, errors: [] };
    entry.errors.push(...errors);
    this.#entries.set(key, entry);
  }

  rows(model: string): Row[] {
    return [...this.#entries.values()]
      .filter(({ errors }) => errors.length > 0)
      .map(({ level, quantity, gate, errors }) => {
        const [median, p95, max] = [quantile(errors, 0.5), quantile(errors, 0.95), quantile(errors, 1)];
        const within = (value: number, limit = Number.POSITIVE_INFINITY) => value <= limit && Number.isFinite(value);
        const passed = within(median, gate.median) && within(p95, gate.p95) && within(max, gate.max);
        return { model, level, quantity, count: errors.length, median, p95, max, gate, passed };
      });
  }
}

/** Positions of the bodies relative to the first body's. */
function relative(xpos: Numbers): Float64Array {
  return Float64Array.from(xpos, (x, i) => x - xpos[3 + (i % 3)]!).subarray(3);
}

function compareContacts(ledger: Ledger, actual: Evaluation, record: StateRecord, margin: Numbers): void {
  const left = [...actual.contacts];
  const away = (a: Numbers, b: Numbers) => Math.hypot(...Array.from(a, (x, i) => x - b[i]!));
  const clear = ({ geom1, geom2, distance }: ContactRecord) =>
    Math.abs(distance - margin[geom1]! - margin[geom2]!) > BORDER;
  let unmatched = 0;
  for (const expected of record.at.contacts) {
    const [found] = left
      .filter(({ geom1, geom2 }) => geom1 === expected.geom1 && geom2 === expected.geom2)
      .sort((a, b) => away(a.position, expected.position) - away(b.position, expected.position));
    if (!found) {
      if (clear(expected)) unmatched++;
      continue;
    }
    left.splice(left.indexOf(found), 1);
    ledger.add("3", "distance", exact(1e-6), Math.abs(found.distance - expected.distance));
    ledger.add("3", "position", exact(1e-5), errorOf(found.position, expected.position));
    ledger.add("3", "normal", exact(1e-5), errorOf(found.normal, expected.normal));
  }
  ledger.add("3", "contacts that only one has", exact(0), unmatched + left.filter(clear).length);
}

/** Levels 1 to 5. */
function situations(ledger: Ledger, simulated: Simulated, { xml, states, frameSkip, margin }: Reference): void {
  const ctrl = states.map((record) => record.ctrl);
  simulated.begin(states);
  const evaluations = simulated.evaluate(ctrl);
  const floor = use(floorEngine, xml, (rounded) => {
    rounded.begin(states);
    return rounded.evaluate(ctrl);
  });
  // where angles have many turns, or the mass matrix is nearly singular, rounding alone is more than the gate
  const aboveRounding = (max: number, of: (evaluation: Evaluation) => Numbers) =>
    exact(
      Math.max(max, SOLVE_FACTOR * Math.max(...floor.map((rounded, i) => errorOf(of(rounded), of(states[i]!.at))))),
    );
  const quantities = (
    [
      ["1", "xpos", 1e-5, ({ xpos }) => relative(xpos)],
      ["1", "energy", 1e-5, ({ energy }) => energy],
      ["1", "Jacobian, linear", 1e-5, ({ jacobian }) => jacobian.linear],
      ["1", "Jacobian, angular", 1e-5, ({ jacobian }) => jacobian.angular],
      ["2", "mass matrix", 1e-6, ({ massMatrix }) => massMatrix],
      ["2", "qfrc_bias", 1e-5, ({ qfrcBias }) => qfrcBias],
      ["2", "qfrc_passive", 1e-5, ({ qfrcPassive }) => qfrcPassive],
      ["2", "qfrc_actuator", 1e-5, ({ qfrcActuator }) => qfrcActuator],
      ["2", "qacc_smooth", 1e-5, ({ qaccSmooth }) => qaccSmooth],
    ] as readonly (readonly [string, string, number, (evaluation: Evaluation) => Numbers])[]
  ).map(([level, quantity, max, of]) => ({ level, quantity, of, gate: aboveRounding(max, of) }));
  for (const [i, actual] of evaluations.entries()) {
    const { at } = states[i]!;
    for (const { level, quantity, gate, of } of quantities) {
      ledger.add(level, quantity, gate, errorOf(of(actual), of(at)));
    }
    compareContacts(ledger, actual, states[i]!, margin);
    ledger.add("4", "qacc", acceleration, errorOf(actual.qacc, at.qacc));
  }
  const steps = [
    ["one step", 1, ({ next1 }: StateRecord) => next1],
    ["one control step", frameSkip, ({ nextN }: StateRecord) => nextN],
  ] as const;
  for (const [what, repeat, expected] of steps) {
    simulated.begin(states);
    simulated.step(ctrl, repeat);
    for (const [i, { qpos, qvel }] of simulated.states().entries()) {
      ledger.add("5", `qvel after ${what}`, velocity, errorOf(qvel, expected(states[i]!).qvel));
      ledger.add("5", `qpos after ${what}`, position, errorOf(qpos, expected(states[i]!).qpos));
    }
  }
}

/** Calls `look` after every control step of all trajectories at once. */
function along(
  simulated: Simulated,
  trajectories: readonly Trajectory[],
  frameSkip: number,
  look: (t: number) => void,
) {
  simulated.begin(trajectories.map(({ init }) => init));
  for (let t = 1; t <= trajectories[0]!.ctrl.length; t++) {
    simulated.step(
      trajectories.map(({ ctrl }) => ctrl[t - 1]!),
      frameSkip,
    );
    look(t);
  }
}

/** [trajectory][control step − 1]: error of qpos where the reference has a state, otherwise not a number. */
function drift(simulated: Simulated, trajectories: readonly Trajectory[], frameSkip: number): number[][] {
  const errors: number[][] = trajectories.map(() => []);
  along(simulated, trajectories, frameSkip, (t) => {
    const states = simulated.states();
    for (const [i, trajectory] of trajectories.entries()) {
      const expected = trajectory.states.find((state) => state.t === t);
      errors[i]!.push(expected ? errorOf(states[i]!.qpos, expected.qpos) : Number.NaN);
    }
  });
  return errors;
}

/** A gate that MuJoCo's own noise on the same trajectories may raise. */
const aboveNoise = (gate: number, floor: readonly number[]): number =>
  Math.max(gate, NOISE_FACTOR * Math.max(...floor));

const floorEngine = officialEngine("MuJoCo, state rounded to float32", { rounded: true });

function use<T>(engine: Engine, xml: string, work: (simulated: Simulated) => T): T {
  const simulated = engine.load(xml);
  try {
    return work(simulated);
  } finally {
    simulated.dispose();
  }
}

/** Level 6. */
function trajectories(ledger: Ledger, engine: Engine, { xml, smooth, contact, frameSkip, timestep }: Reference): void {
  const both = (document: string, list: readonly Trajectory[]) =>
    [engine, floorEngine].map((each) => use(each, document, (simulated) => drift(simulated, list, frameSkip)));
  if (smooth.length > 0) {
    const [errors, floor] = both(smoothCopy(xml), smooth);
    const gate = aboveNoise(
      1e-4,
      floor!.map((row) => row.at(-1)!),
    );
    ledger.add("6a", "qpos at 1 s, no contacts", exact(gate), ...errors!.map((row) => row.at(-1)!));
  }
  if (contact.length > 0) {
    const [errors, floor] = both(xml, contact);
    const steps = contact[0]!.ctrl.length;
    const at = (table: number[][], seconds: number) => {
      const t = Math.min(steps, Math.max(1, Math.round(seconds / (timestep * frameSkip))));
      return table.map((row) => row[t - 1]!);
    };
    for (const [seconds, least] of [
      [0.1, 1e-5],
      [0.5, 1e-4],
    ] as const) {
      const gate = aboveNoise(least, at(floor!, seconds));
      ledger.add("6b", `qpos at ${seconds} s`, exact(gate), ...at(errors!, seconds));
    }
    const median = Math.max(3e-4, NOISE_FACTOR * quantile(at(floor!, 1), 0.5));
    ledger.add("6b", "qpos at 1 s", { median, max: 0.1 }, ...at(errors!, 1));
  }
}

const official = officialEngine("MuJoCo");

/** Level 7, but for the runs of millions of steps. */
function sanity(ledger: Ledger, engine: Engine, { xml, smooth, contact, frameSkip }: Reference): void {
  const deepest = (simulated: Simulated) => {
    const depths = contact.map(() => 0);
    along(simulated, contact, frameSkip, () => {
      for (const [i, { distances }] of simulated.glance().entries())
        depths[i] = Math.max(depths[i]!, ...distances.map((distance) => -distance));
    });
    return depths;
  };
  if (contact.length > 0) {
    const [ours, theirs, floor] = [engine, official, floorEngine].map((each) => use(each, xml, deepest));
    const errors = (depths: number[]) => depths.map((depth, i) => Math.abs(depth - theirs![i]!));
    ledger.add("7", "deepest penetration", exact(aboveNoise(1e-4, errors(floor!))), ...errors(ours!));
  }
  if (smooth.length > 0) {
    const [ours, theirs] = [engine, official].map((each) =>
      use(each, conservativeCopy(xml), (simulated) => energies(simulated, smooth, frameSkip)),
    );
    const errors = ours!.map(({ gained }, i) => Math.abs(gained - theirs![i]!.gained) / theirs![i]!.scale);
    ledger.add("7", "energy gained, conservative copy", exact(1e-5), ...errors);
  }
}

/** What each trajectory gains in energy without controls, and the largest of potential and kinetic energy on the way. */
function energies(simulated: Simulated, list: readonly Trajectory[], frameSkip: number) {
  const still = list.map(({ init, ctrl }) => ({ init, ctrl: ctrl.map((row) => Array.from(row, () => 0)), states: [] }));
  simulated.begin(list.map(({ init }) => init));
  const sum = ({ energy }: Glance) => energy[0]! + energy[1]!;
  const start = simulated.glance().map(sum);
  const results = start.map(() => ({ gained: 0, scale: 1 }));
  along(simulated, still, frameSkip, () => {
    for (const [i, glance] of simulated.glance().entries()) {
      const scale = Math.max(results[i]!.scale, ...Array.from(glance.energy, Math.abs));
      results[i] = { gained: sum(glance) - start[i]!, scale };
    }
  });
  return results;
}

/** Level 8. */
function distribution(ledger: Ledger, engine: Engine, { xml, policy, frameSkip }: Reference, tests: number): void {
  if (policy.inits.length === 0 || policy.W.length === 0) return;
  const [ours, theirs] = [engine, official].map((each) =>
    use(each, xml, (simulated) => episodes(simulated, policy, frameSkip)),
  );
  for (const name of Object.keys(theirs![0]!) as (keyof EpisodeStatistics)[]) {
    const [a, b] = [ours!, theirs!].map((list) => list.map((statistics) => statistics[name]));
    // relative to the mean size, because the mean of a displacement may be nothing
    const scale = Math.max(1e-6, mean(b!.map(Math.abs)));
    const differences = a!.map((value, e) => (value - b![e]!) / scale);
    // where the motion is chaotic, MuJoCo rounded to float32 is no closer to itself than chance
    const chance = CHANCE * standardError(differences);
    ledger.add("8", `mean of ${name}`, exact(Math.max(0.02, chance)), Math.abs(mean(differences)));
    const p = kolmogorovSmirnov(a!, b!, 1e-6 * scale);
    ledger.add("8", "Kolmogorov-Smirnov: 0.01 / tests / p", exact(1), 0.01 / tests / p);
  }
}

export interface ProtocolOptions {
  /** Which to run; default all. */
  readonly levels?: readonly number[];
  /** How many Kolmogorov-Smirnov tests share the chance of one false alarm in a hundred. Default 100. */
  readonly tests?: number;
}

/** Levels 0 to 8 for one simulator and one reference. */
export function measure(engine: Engine, reference: Reference, options: ProtocolOptions = {}): Row[] {
  const { levels = [0, 1, 2, 3, 4, 5, 6, 7, 8], tests = 100 } = options;
  const ledger = new Ledger();
  if (levels.includes(0) && engine.compile) {
    const arrays = comparisons(engine.compile(reference.xml), mujocoArrays(reference.xml), true);
    for (const [, ours, theirs] of arrays)
      ledger.add("0", "arrays of the compiled model", exact(1e-6), errorOf(ours, theirs));
  }
  if (levels.some((level) => level >= 1 && level <= 5)) {
    use(engine, reference.xml, (simulated) => situations(ledger, simulated, reference));
  }
  if (levels.includes(6)) trajectories(ledger, engine, reference);
  if (levels.includes(7)) sanity(ledger, engine, reference);
  if (levels.includes(8)) distribution(ledger, engine, reference, tests);
  return ledger.rows(reference.model).filter(({ level }) => levels.includes(Number.parseInt(level, 10)));
}

/** A row as a sentence, for messages. */
export function describeRow({ model, level, quantity, count, median, p95, max, gate }: Row): string {
  const figures = [median, p95, max].map((x) => x.toExponential(1)).join(" / ");
  const allowed = Object.entries(gate).map(([name, limit]) => `${name} ${limit.toExponential(1)}`);
  return `${model}, level ${level}, ${quantity}: median / p95 / max ${figures} of ${count}; allowed: ${allowed.join(", ")}`;
}
