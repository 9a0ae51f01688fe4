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
// A float32 simulator cannot be closer than MuJoCo is to itself when its state is rounded to float32 after every step, and its mass
// matrix before it is solved with. Where a gate needs that floor, it is computed on the same states, trajectories and starts, and
// the gate rises with it, never with the simulator's own errors. For a simulator in float64 no gate rises but level 8's.
import { comparisons, mujocoArrays } from "../mjcf/support.js";
import { distribution } from "./distribution.js";
import { episodes } from "./episodes.js";
import { errorOf, exact, type Gate, Ledger, type Row } from "./ledger.js";
import { conservativeCopy, smoothCopy } from "./mutate.js";
import { officialEngine } from "./official.js";
import type { Reference, StateRecord, Trajectory } from "./reference.js";
import type { ContactRecord, Engine, Evaluation, Glance, Numbers, Simulated } from "./simulated.js";
import { quantile } from "./statistics.js";

const NOISE_FACTOR = 30;
const ROUNDING_FACTOR = 6;
/** Contacts this close to where they begin may be there or not. */
const BORDER = 1e-5;

const acceleration: Gate = { median: 1e-5, p95: 1e-4, max: 1e-3 };
const velocity: Gate = { median: 1e-5, max: 1e-3 };
const position: Gate = { median: 1e-6, max: 1e-5 };

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
    ledger.add("3", "distance", exact(1e-6), [Math.abs(found.distance - expected.distance)]);
    ledger.add("3", "position", exact(1e-5), [errorOf(found.position, expected.position)]);
    ledger.add("3", "normal", exact(1e-5), [errorOf(found.normal, expected.normal)]);
  }
  ledger.add("3", "contacts that only one has", exact(0), [unmatched + left.filter(clear).length]);
}

/** Of levels 1 and 2: what they allow at most. */
const quantities: readonly (readonly [string, string, number, (evaluation: Evaluation) => Numbers])[] = [
  ["1", "xpos", 1e-5, ({ xpos }) => relative(xpos)],
  ["1", "energy", 1e-5, ({ energy }) => energy],
  ["1", "Jacobian, linear", 1e-5, ({ jacobian }) => jacobian.linear],
  ["1", "Jacobian, angular", 1e-5, ({ jacobian }) => jacobian.angular],
  ["2", "mass matrix", 1e-6, ({ massMatrix }) => massMatrix],
  ["2", "qfrc_bias", 1e-5, ({ qfrcBias }) => qfrcBias],
  ["2", "qfrc_passive", 1e-5, ({ qfrcPassive }) => qfrcPassive],
  ["2", "qfrc_actuator", 1e-5, ({ qfrcActuator }) => qfrcActuator],
  ["2", "qacc_smooth", 1e-5, ({ qaccSmooth }) => qaccSmooth],
];

/**
 * Where rounding the state, or the mass matrix, alone can be above the gate: bias forces of angles of many turns and hundreds of
 * radians a second, accelerations by nearly singular mass matrices. Walker2d's are up to 4.3 times what rounding makes of them.
 */
const RAISED: readonly string[] = ["qfrc_bias", "qacc_smooth"];

/** Levels 1 to 5. */
function situations(ledger: Ledger, simulated: Simulated, floor: Engine | undefined, reference: Reference): void {
  const { xml, states, frameSkip, margin } = reference;
  const ctrl = states.map((record) => record.ctrl);
  const evaluate = (each: Simulated) => {
    each.begin(states);
    return each.evaluate(ctrl);
  };
  const evaluations = evaluate(simulated);
  const rounded = floor && use(floor, xml, evaluate);
  for (const [level, quantity, max, of] of quantities) {
    const errors = (list: readonly Evaluation[]) => list.map((each, i) => errorOf(of(each), of(states[i]!.at)));
    const own = rounded && errors(rounded);
    const limit = own && RAISED.includes(quantity) ? exact(ROUNDING_FACTOR * Math.max(...own)) : {};
    ledger.add(level, quantity, exact(max), errors(evaluations), own, limit);
  }
  for (const [i, actual] of evaluations.entries()) {
    compareContacts(ledger, actual, states[i]!, margin);
    ledger.add("4", "qacc", acceleration, [errorOf(actual.qacc, states[i]!.at.qacc)]);
  }
  const steps = [
    ["one step", 1, ({ next1 }: StateRecord) => next1],
    ["one control step", frameSkip, ({ nextN }: StateRecord) => nextN],
  ] as const;
  for (const [what, repeat, expected] of steps) {
    simulated.begin(states);
    simulated.step(ctrl, repeat);
    for (const [i, { qpos, qvel }] of simulated.states().entries()) {
      ledger.add("5", `qvel after ${what}`, velocity, [errorOf(qvel, expected(states[i]!).qvel)]);
      ledger.add("5", `qpos after ${what}`, position, [errorOf(qpos, expected(states[i]!).qpos)]);
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

/** What MuJoCo's own noise on the same trajectories raises a gate to. */
const noise = (rounded: readonly number[] = []): Gate => exact(NOISE_FACTOR * Math.max(0, ...rounded));

/** Float32's significand, and as much of float64's as an engine that adds and multiplies in another order keeps. */
const floorEngine = officialEngine("MuJoCo rounded to 24 bits", { bits: 24 });
const floorEngine64 = officialEngine("MuJoCo rounded to 48 bits", { bits: 48 });

function use<T>(engine: Engine, xml: string, work: (simulated: Simulated) => T): T {
  const simulated = engine.load(xml);
  try {
    return work(simulated);
  } finally {
    simulated.dispose();
  }
}

/** Level 6. */
function trajectories(ledger: Ledger, engine: Engine, floor: Engine | undefined, reference: Reference): void {
  const { xml, smooth, contact, frameSkip, timestep } = reference;
  const both = (document: string, list: readonly Trajectory[]) => {
    const follow = (each: Engine) => use(each, document, (simulated) => drift(simulated, list, frameSkip));
    return [follow(engine), floor && follow(floor)] as const;
  };
  if (smooth.length > 0) {
    const [errors, rounded] = both(smoothCopy(xml), smooth);
    const own = rounded?.map((row) => row.at(-1)!);
    const last = errors.map((row) => row.at(-1)!);
    ledger.add("6a", "qpos at 1 s, no contacts", exact(1e-4), last, own, noise(own));
  }
  if (contact.length > 0) {
    const [errors, rounded] = both(xml, contact);
    const steps = contact[0]!.ctrl.length;
    const at = (table: number[][], seconds: number) => {
      const t = Math.min(steps, Math.max(1, Math.round(seconds / (timestep * frameSkip))));
      return table.map((row) => row[t - 1]!);
    };
    for (const [seconds, least] of [
      [0.1, 1e-5],
      [0.5, 1e-4],
    ] as const) {
      const own = rounded && at(rounded, seconds);
      ledger.add("6b", `qpos at ${seconds} s`, exact(least), at(errors, seconds), own, noise(own));
    }
    const own = rounded && at(rounded, 1);
    const median = own ? { median: NOISE_FACTOR * quantile(own, 0.5) } : {};
    ledger.add("6b", "qpos at 1 s", { median: 3e-4, max: 0.1 }, at(errors, 1), own, median);
  }
}

const official = officialEngine("MuJoCo");

/** Level 7, but for the runs of millions of steps. */
function sanity(ledger: Ledger, engine: Engine, floor: Engine | undefined, reference: Reference): void {
  const { xml, smooth, contact, frameSkip } = reference;
  const deepest = (simulated: Simulated) => {
    const depths = contact.map(() => 0);
    along(simulated, contact, frameSkip, () => {
      for (const [i, { distances }] of simulated.glance().entries())
        depths[i] = Math.max(depths[i]!, ...distances.map((distance) => -distance));
    });
    return depths;
  };
  if (contact.length > 0) {
    const [ours, theirs] = [engine, official].map((each) => use(each, xml, deepest));
    const errors = (depths: number[]) => depths.map((depth, i) => Math.abs(depth - theirs![i]!));
    const own = floor && errors(use(floor, xml, deepest));
    ledger.add("7", "deepest penetration", exact(1e-4), errors(ours!), own, noise(own));
  }
  if (smooth.length > 0) {
    const [ours, theirs] = [engine, official].map((each) =>
      use(each, conservativeCopy(xml), (simulated) => energies(simulated, smooth, frameSkip)),
    );
    const errors = ours!.map(({ gained }, i) => Math.abs(gained - theirs![i]!.gained) / theirs![i]!.scale);
    ledger.add("7", "energy gained, conservative copy", exact(1e-5), errors);
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
function played(ledger: Ledger, engine: Engine, floor: Engine, reference: Reference, tests: number): void {
  const [ours, theirs, rounded] = [engine, official, floor].map((each) =>
    use(each, reference.xml, (simulated) => episodes(simulated, reference.policy, reference.frameSkip)),
  );
  distribution(ledger, { ours: ours!, theirs: theirs!, rounded: rounded! }, tests);
}

export interface ProtocolOptions {
  /** Which to run; default all. */
  readonly levels?: readonly number[];
  /** How many Kolmogorov-Smirnov tests share the chance of one false alarm in a hundred. Default 100. */
  readonly tests?: number;
  /** In which the simulator computes; in "float64" no gate rises but level 8's. Default "float32". */
  readonly precision?: "float32" | "float64";
}

/** Levels 0 to 8 for one simulator and one reference. */
export function measure(engine: Engine, reference: Reference, options: ProtocolOptions = {}): Row[] {
  const { levels = [0, 1, 2, 3, 4, 5, 6, 7, 8], tests = 100, precision = "float32" } = options;
  const floor = precision === "float32" ? floorEngine : undefined;
  const ledger = new Ledger();
  if (levels.includes(0) && engine.compile) {
    const arrays = comparisons(engine.compile(reference.xml), mujocoArrays(reference.xml), true);
    const errors = arrays.map(([, ours, theirs]) => errorOf(ours, theirs));
    ledger.add("0", "arrays of the compiled model", exact(1e-6), errors);
  }
  if (levels.some((level) => level >= 1 && level <= 5)) {
    use(engine, reference.xml, (simulated) => situations(ledger, simulated, floor, reference));
  }
  if (levels.includes(6)) trajectories(ledger, engine, floor, reference);
  if (levels.includes(7)) sanity(ledger, engine, floor, reference);
  if (levels.includes(8) && reference.policy.inits.length > 0 && reference.policy.W.length > 0)
    played(ledger, engine, floor ?? floorEngine64, reference, tests);
  return ledger.rows(reference.model).filter(({ level }) => levels.includes(Number.parseInt(level, 10)));
}
