// What simulators are compared with: records of the official build, read from test/fixtures/mujoco or drawn afresh from a
// seed: situations with their evaluations and successors, trajectories without feedback, and a policy with initial states.
import { readFileSync } from "node:fs";
import type { ModelSpec } from "./models.js";
import { xmlOf } from "./models.js";
import { smoothCopy } from "./mutate.js";
import { Official } from "./official.js";
import type { Evaluation, Numbers, Situation, State } from "./simulated.js";
import { type Random, randomOf } from "./statistics.js";

export interface StateRecord extends Situation {
  readonly kind: "reset" | "rollout" | "perturbed" | "limit";
  readonly at: Evaluation;
  /** After one step, and after a control step. */
  readonly next1: State;
  readonly nextN: State;
}

export interface Trajectory {
  readonly init: State;
  /** One row per control step. */
  readonly ctrl: readonly Numbers[];
  /** After `t` control steps. */
  readonly states: readonly (State & { readonly t: number })[];
}

/** Controls mid + half · tanh(W · [qpos without its first `skip` elements, qvel clipped to ± 10]). */
export interface Policy {
  readonly skip: number;
  readonly W: readonly Numbers[];
  readonly low: Numbers;
  readonly high: Numbers;
  readonly inits: readonly State[];
  readonly controlSteps: number;
}

export interface Reference {
  readonly model: string;
  readonly xml: string;
  readonly frameSkip: number;
  /** Seconds. */
  readonly timestep: number;
  /** [ngeom]: distance that a geom adds to the distance at which its contacts begin. */
  readonly margin: Numbers;
  readonly states: readonly StateRecord[];
  /** Without contacts and limits. */
  readonly smooth: readonly Trajectory[];
  readonly contact: readonly Trajectory[];
  readonly policy: Policy;
}

export interface Amounts {
  readonly states: number;
  readonly smooth: number;
  readonly contact: number;
  readonly episodes: number;
}

/** The proportions of kinds of state; the rest are at joint limits. */
const RESET = 0.16;
const ROLLOUT = 0.56;
const PERTURBED = 0.18;
/** Deeper than this a state drawn at random is no state that a body gets into. */
const DEEPEST = -0.05;
const CONTROL_STEPS = 200;

/** Draws references of one document. */
class Draw {
  readonly #official: Official;
  readonly #spec: ModelSpec;
  readonly #random: Random;
  readonly #low: number[] = [];
  readonly #high: number[] = [];

  constructor(official: Official, spec: ModelSpec, random: Random) {
    this.#official = official;
    this.#spec = spec;
    this.#random = random;
    const { nu, actuator_ctrlrange: range } = official.model;
    for (let i = 0; i < nu; i++) {
      const limited = range[2 * i] < range[2 * i + 1];
      this.#low.push(limited ? range[2 * i] : -1);
      this.#high.push(limited ? range[2 * i + 1] : 1);
    }
  }

  controls(): number[] {
    return this.#low.map((low, i) => this.#random.uniform(low, this.#high[i]!));
  }

  reset(): State {
    const { qpos0, nv } = this.#official.model;
    const { noise } = this.#spec;
    const qpos = Array.from(qpos0 as Float64Array, (x) => x + this.#random.uniform(-noise, noise));
    return { qpos: this.#unit(qpos), qvel: Array.from({ length: nv }, () => noise * this.#random.normal()) };
  }

  situations(count: number): (Situation & Pick<StateRecord, "kind">)[] {
    const share = (fraction: number) => Math.max(1, Math.round(count * fraction));
    const with_ = (kind: StateRecord["kind"], state: State) => ({ kind, ...state, ctrl: this.controls() });
    const times = <T>(n: number, make: () => T) => Array.from({ length: n }, make);
    const resets = times(share(RESET), () => with_("reset", this.reset()));
    const rollouts = times(share(ROLLOUT), () => with_("rollout", this.#rolledOut()));
    const pool = () => rollouts[this.#random.index(rollouts.length)]!;
    const perturbed = times(share(PERTURBED), () =>
      with_(
        "perturbed",
        this.#shallow(() => this.#perturb(pool())),
      ),
    );
    const rest = Math.max(1, count - resets.length - rollouts.length - perturbed.length);
    const atLimits = times(rest, () =>
      with_(
        "limit",
        this.#shallow(() => this.#toLimits(pool())),
      ),
    );
    return [...resets, ...rollouts, ...perturbed, ...atLimits];
  }

  /** Sines for controls, of a quarter of the range; without controls the first. */
  smoothControls(controlSteps: number, seconds: number, still: boolean): number[][] {
    const waves = this.#low.map(() => [this.#random.uniform(0.5, 2), this.#random.uniform(0, 2 * Math.PI)] as const);
    return Array.from({ length: controlSteps }, (_, t) =>
      waves.map(([frequency, phase], i) => {
        const middle = (this.#low[i]! + this.#high[i]!) / 2;
        const quarter = (this.#high[i]! - this.#low[i]!) / 4;
        return still ? 0 : middle + quarter * Math.sin(2 * Math.PI * frequency * t * seconds + phase);
      }),
    );
  }

  policy(episodes: number): Policy {
    const { nq, nv } = this.#official.model;
    const { skip } = this.#spec;
    const inputs = nq - skip + nv;
    const weight = () => (0.9 * this.#random.normal()) / Math.sqrt(inputs);
    return {
      skip,
      W: this.#low.map(() => Array.from({ length: inputs }, weight)),
      low: this.#low,
      high: this.#high,
      inits: Array.from({ length: episodes }, () => this.reset()),
      controlSteps: CONTROL_STEPS,
    };
  }

  // bodies fall and lie on the floor: no episode ends early
  #rolledOut(): State {
    const controlSteps = Math.floor(1 + this.#random.next() * this.#random.next() * 250);
    this.#official.begin([this.reset()]);
    for (let t = 0; t < controlSteps; t++) this.#official.step([this.controls()], this.#spec.frameSkip);
    const [state] = this.#official.states();
    return Math.abs(state!.qvel[0]!) < 1e4 ? state! : this.#rolledOut();
  }

  #perturb({ qpos, qvel }: State): State {
    return {
      qpos: this.#unit(Array.from(qpos, (x) => x + 0.125 * this.#random.normal())),
      qvel: Array.from(qvel, (x) => x + 1.5 * this.#random.normal()),
    };
  }

  /** About half of the limited joints within 2 % of their range beyond a limit. */
  #toLimits({ qpos, qvel }: State): State {
    const { njnt, jnt_type: type, jnt_range: range, jnt_qposadr: address } = this.#official.model;
    const moved = Array.from(qpos);
    for (let j = 0; j < njnt; j++) {
      const [low, high] = [range[2 * j], range[2 * j + 1]];
      if (type[j] < 2 || low >= high || this.#random.next() < 0.5) continue;
      const beyond = 0.02 * (high - low) * this.#random.next();
      moved[address[j]] = this.#random.next() < 0.5 ? low - beyond : high + beyond;
    }
    return { qpos: moved, qvel };
  }

  #shallow(draw: () => State): State {
    let state = draw();
    for (let tries = 0; tries < 50; tries++, state = draw()) {
      this.#official.begin([state]);
      if (Math.min(0, ...this.#official.glance()[0]!.distances) > DEEPEST) break;
    }
    return state;
  }

  #unit(qpos: number[]): number[] {
    const { njnt, jnt_type: type, jnt_qposadr: address } = this.#official.model;
    for (let j = 0; j < njnt; j++) {
      if (type[j] !== 0) continue;
      const start = address[j] + 3;
      const norm = Math.hypot(...qpos.slice(start, start + 4));
      for (let k = start; k < start + 4; k++) qpos[k]! /= norm;
    }
    return qpos;
  }
}

function record(official: Official, situations: ReturnType<Draw["situations"]>, frameSkip: number): StateRecord[] {
  const ctrl = situations.map((situation) => situation.ctrl);
  const after = (steps: number) => {
    official.begin(situations);
    official.step(ctrl, steps);
    return official.states();
  };
  official.begin(situations);
  const at = official.evaluate(ctrl);
  const next1 = after(1);
  const nextN = after(frameSkip);
  return situations.map((situation, i) => ({ ...situation, at: at[i]!, next1: next1[i]!, nextN: nextN[i]! }));
}

/** What `official` makes of controls without feedback. */
function follow(official: Official, init: State, ctrl: readonly Numbers[], frameSkip: number): Trajectory {
  official.begin([init]);
  const states = ctrl.map((row, i) => {
    official.step([row], frameSkip);
    return { ...official.states()[0]!, t: i + 1 };
  });
  return { init, ctrl, states };
}

const marginsOf = ({ geom_margin, geom_gap }: { geom_margin: Numbers; geom_gap: Numbers }): number[] =>
  Array.from(geom_margin, (margin, g) => margin + geom_gap[g]!);

/** Fresh records of a document, a function of the seed alone. `xml` stands in for the model's own. */
export function drawReference(spec: ModelSpec, amounts: Amounts, seed: number, xml: string = xmlOf(spec)): Reference {
  const official = new Official(xml);
  const free = new Official(smoothCopy(xml));
  try {
    const draw = new Draw(official, spec, randomOf(seed));
    const { timestep } = official.model.opt;
    const { frameSkip } = spec;
    const seconds = timestep * frameSkip;
    const controlSteps = Math.round(1 / seconds);
    return {
      model: spec.name,
      xml,
      frameSkip,
      timestep,
      margin: marginsOf(official.model),
      states: record(official, draw.situations(amounts.states), frameSkip),
      smooth: Array.from({ length: amounts.smooth }, (_, i) =>
        follow(free, draw.reset(), draw.smoothControls(controlSteps, seconds, i === 0), frameSkip),
      ),
      contact: Array.from({ length: amounts.contact }, () => {
        const ctrl = Array.from({ length: controlSteps }, () => draw.controls());
        return follow(official, draw.reset(), ctrl, frameSkip);
      }),
      policy: draw.policy(amounts.episodes),
    };
  } finally {
    official.dispose();
    free.dispose();
  }
}

/** A file of test/fixtures/mujoco, as far as it is read. */
interface Recorded {
  readonly frame_skip: number;
  readonly compiled: {
    readonly opt: { readonly timestep: number };
    readonly geom_margin: number[];
    readonly geom_gap: number[];
    readonly actuator_ctrlrange: number[];
  };
  readonly states: readonly RecordedState[];
  readonly smooth: readonly Trajectory[];
  readonly contact: readonly { init: State; ctrl: number[][]; states: State[] }[];
  readonly policy: readonly { skip: number; T: number; W: number[][]; episodes: { init: State }[] }[];
}

interface RecordedState extends Situation {
  readonly kind: StateRecord["kind"];
  readonly out: {
    readonly qM: number[];
    readonly qfrc_bias: number[];
    readonly qfrc_passive: number[];
    readonly qfrc_actuator: number[];
    readonly qacc_smooth: number[];
    readonly qacc_tight: number[];
    readonly xpos: number[];
    readonly energy: number[];
    readonly jac: { p: number[]; r: number[] };
    readonly contact: { g: [number, number]; dist: number; pos: number[]; n: number[] }[];
    readonly next1: State;
    readonly nextN: State;
  };
}

/** The records in test/fixtures/mujoco. */
export function recordedReference(spec: ModelSpec): Reference {
  const url = new URL(`../../fixtures/mujoco/${spec.name}.json`, import.meta.url);
  const recorded = JSON.parse(readFileSync(url, "utf8")) as Recorded;
  const range = recorded.compiled.actuator_ctrlrange;
  const [policy] = recorded.policy;
  return {
    model: spec.name,
    xml: xmlOf(spec),
    frameSkip: recorded.frame_skip,
    timestep: recorded.compiled.opt.timestep,
    margin: marginsOf(recorded.compiled),
    states: recorded.states.map(({ out, ...situation }) => ({
      ...situation,
      at: {
        massMatrix: out.qM,
        qfrcBias: out.qfrc_bias,
        qfrcPassive: out.qfrc_passive,
        qfrcActuator: out.qfrc_actuator,
        qaccSmooth: out.qacc_smooth,
        qacc: out.qacc_tight,
        xpos: out.xpos,
        energy: out.energy,
        jacobian: { linear: out.jac.p, angular: out.jac.r },
        contacts: out.contact.map(({ g: [geom1, geom2], dist: distance, pos: position, n: normal }) => ({
          geom1,
          geom2,
          distance,
          position,
          normal,
        })),
      },
      next1: out.next1,
      nextN: out.nextN,
    })),
    smooth: recorded.smooth,
    contact: recorded.contact.map(({ states, ...rest }) => ({
      ...rest,
      states: states.map((s, i) => ({ ...s, t: i + 1 })),
    })),
    policy: {
      skip: policy!.skip,
      W: policy!.W,
      low: range.filter((_, i) => i % 2 === 0),
      high: range.filter((_, i) => i % 2 === 1),
      inits: policy!.episodes.map(({ init }) => init),
      controlSteps: policy!.T,
    },
  };
}
