// A batch of environments that are each an object of its own: what learns from a `VectorEnv` then learns from any `Env`.
// They are stepped one after the other; built-in tasks have `makeVectorEnv`, which steps all at once in Wasm.

import { fill } from "../array.js";
import { checkMask, checkOneOf, checkOptions, FormatError, wrongKind, wrongValue } from "../check.js";
import { joinStates, metaField, partState } from "../saved-state.js";
import type { Box, Env, EnvSpec, NumericInput, SavedState, Space } from "../types.js";
import { DivergedError } from "./diverged-error.js";
import { EpisodeError } from "./episode-error.js";
import { checkedGoal, checkGoalRow, checkGoalSpec } from "./goal.js";
import { batchBox, contains, spaceSize } from "./spaces.js";
import type { Autoreset, VectorEnv, VectorStep } from "./vector-env.js";

/** Where an environment stands in its episode. */
type Phase = "fresh" | "running" | "ended";

/**
 * The given environments, which must be alike, as one batch; it owns them, and `close` closes them. `autoreset` as in
 * `makeVectorEnv`, default `next-step`. `reset({ seed })` seeds environment i with seed + i. Reward, termination and angles are
 * those of the first, and so is the goal, whose functions are checked whenever they are called, as are the goals of every
 * observation. Throws `TypeError` when there is none or its observations are no flat box, `RangeError` when they differ in a space
 * or in their time limit; `step` and `reset` throw `RangeError` on an observation of another length. Those that diverge in a step are
 * told in one `DivergedError`, as by `makeVectorEnv`.
 */
export function batchEnvs(envs: readonly Env[], options?: { autoreset?: Autoreset }): VectorEnv {
  const op = "batchEnvs";
  const { autoreset = "next-step" } = checkOptions(op, options, ["autoreset"]);
  checkOneOf(op, "autoreset", autoreset, ["next-step", "same-step", "disabled"]);
  if (!Array.isArray(envs) || envs.length === 0) wrongKind(op, "envs", "an array of environments", envs);
  const [{ observationSpace, actionSpace, spec }] = envs;
  if (observationSpace.kind !== "box" || observationSpace.shape.length !== 1) {
    wrongKind(op, "envs[0].observationSpace", "a box of shape [D]", observationSpace.kind);
  }
  const face = (env: Env) => [env.observationSpace, env.actionSpace, env.spec.maxEpisodeSteps].map(spaceText).join();
  envs.forEach((env, i) => {
    if (face(env) !== face(envs[0])) wrongValue(op, `envs[${i}]`, `spaces and time limit of ${spec.id}`, env.spec.id);
  });
  for (const { goal } of envs) if (goal) checkGoalSpec(op, goal, observationSpace.low.length);
  return new BatchedEnvs(envs, observationSpace, actionSpace, autoreset);
}

function spaceText(value: Space | number): string {
  if (typeof value === "number") return String(value);
  return value.kind === "box" ? `${[...value.low]};${[...value.high]}` : `${value.start}+${value.n}`;
}

class BatchedEnvs implements VectorEnv {
  readonly spec: EnvSpec;
  readonly batch: number;
  readonly autoreset: Autoreset;
  readonly singleObservationSpace: Box;
  readonly singleActionSpace: Space;
  readonly observationSpace: Box;
  readonly actionSpace: Box;
  readonly reward: VectorEnv["reward"];
  readonly terminated: VectorEnv["terminated"];
  readonly angles: VectorEnv["angles"];
  readonly goal: VectorEnv["goal"];
  readonly #envs: readonly Env[];
  readonly #phase: Phase[];
  // the last observation of each [B, D]
  readonly #observation: Float32Array;

  constructor(envs: readonly Env[], observationSpace: Box, actionSpace: Space, autoreset: Autoreset) {
    const [first] = envs;
    this.#envs = [...envs];
    this.spec = first.spec;
    this.batch = envs.length;
    this.autoreset = autoreset;
    this.singleObservationSpace = observationSpace;
    this.singleActionSpace = actionSpace;
    this.observationSpace = batchBox(observationSpace, envs.length);
    this.actionSpace = batchBox(actionSpace, envs.length);
    this.reward = first.reward;
    this.terminated = first.terminated;
    this.angles = first.angles;
    this.goal = first.goal && checkedGoal(first.goal);
    this.#phase = envs.map(() => "fresh");
    this.#observation = new Float32Array(this.observationSpace.low.length);
  }

  createOut(): VectorStep {
    const size = this.#observation.length;
    return {
      observation: new Float32Array(size),
      reward: new Float32Array(this.batch),
      terminated: new Uint8Array(this.batch),
      truncated: new Uint8Array(this.batch),
      finalObservation: new Float32Array(size),
    };
  }

  reset(options?: { seed?: number; mask?: ArrayLike<boolean | number> }) {
    const op = "vectorEnv.reset";
    const { seed, mask } = checkOptions(op, options, ["seed", "mask"]);
    checkMask(op, mask, this.batch);
    const chosen = (b: number) => mask === undefined || Boolean(mask[b]);
    const missing = this.#phase.findIndex((phase, b) => !chosen(b) && phase === "fresh");
    if (missing >= 0) {
      throw new EpisodeError(`${op}: environment ${missing} was never reset; the first reset takes no mask`);
    }
    for (let b = 0; b < this.batch; b++) if (chosen(b)) this.#start(b, seed === undefined ? undefined : seed + b);
    return { observation: this.#observation.slice(), info: {} };
  }

  step(actions: NumericInput, out: VectorStep = this.createOut()): VectorStep {
    const op = "vectorEnv.step";
    const { batch, autoreset } = this;
    const given = this.#checkActions(op, actions);
    this.#checkPhases(op);
    const lost: number[] = [];
    let first: DivergedError | undefined;
    for (let b = 0; b < batch; b++) {
      const resets = this.#phase[b] === "ended";
      out.reward[b] = 0;
      out.terminated[b] = 0;
      out.truncated[b] = 0;
      if (resets) this.#start(b);
      else {
        const divergence = this.#stepOne(b, given(b), out);
        if (divergence) lost.push(b);
        first ??= divergence;
      }
    }
    out.finalObservation.set(this.#observation);
    for (let b = 0; autoreset === "same-step" && b < batch; b++) if (this.#phase[b] === "ended") this.#start(b);
    out.observation.set(this.#observation);
    if (first) {
      const { id } = this.#envs[lost[0]].spec;
      const env = batch > 1 ? `${id}, environment ${lost[0]}` : id;
      throw new DivergedError(op, env, first.freedom, first.freedomName, first.time, lost);
    }
    return out;
  }

  snapshot(): SavedState {
    const meta = { batch: this.batch, phase: this.#phase.join() };
    const observation = { dtype: "f32", shape: [this.#observation.length], data: this.#observation.slice() } as const;
    const own: SavedState = { meta: {}, arrays: { observation } };
    return joinStates(meta, { own, ...Object.fromEntries(this.#envs.map((env, b) => [`env${b}`, env.snapshot()])) });
  }

  restore(state: SavedState): void {
    const phase = String(metaField(state, "phase")).split(",");
    const { observation } = partState(state, "own").arrays;
    const known = phase.every((name) => ["fresh", "running", "ended"].includes(name));
    if (!known || phase.length !== this.batch || observation?.data.length !== this.#observation.length) {
      throw new FormatError(`saved state expected ${this.batch} environments like ${this.spec.id}`);
    }
    for (const [b, env] of this.#envs.entries()) env.restore(partState(state, `env${b}`));
    this.#phase.splice(0, this.batch, ...(phase as Phase[]));
    this.#observation.set(observation.data);
  }

  close(): void {
    for (const env of this.#envs) env.close();
  }

  dispose(): void {
    this.close();
  }

  #start(b: number, seed?: number): void {
    const { observation } = this.#envs[b].reset(seed === undefined ? undefined : { seed });
    this.#observe("vectorEnv.reset", b, observation);
    this.#phase[b] = "running";
  }

  #stepOne(b: number, action: NumericInput | number, out: VectorStep): DivergedError | undefined {
    try {
      const { observation, reward, terminated, truncated } = this.#envs[b].step(action);
      this.#observe("vectorEnv.step", b, observation);
      out.reward[b] = reward;
      out.terminated[b] = Number(terminated);
      out.truncated[b] = Number(truncated);
      if (terminated || truncated) this.#phase[b] = "ended";
      return undefined;
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      this.#phase[b] = "ended";
      return error;
    }
  }

  #observe(op: string, b: number, observation: Float32Array): void {
    if (this.goal) checkGoalRow(op, this.goal, observation);
    const D = this.#observation.length / this.batch;
    // a shorter one would keep numbers of the last, a longer one reach into the next environment's
    if (observation?.length !== D) wrongValue(op, `observation[${b}]`, `shape [${D}]`, observation);
    this.#observation.set(observation, b * D);
  }

  // all actions, checked, in a copy: memory that a step makes grow leaves views of before empty; returns that of environment b
  #checkActions(op: string, actions: NumericInput): (b: number) => NumericInput | number {
    const space = this.singleActionSpace;
    const A = spaceSize(space);
    const shape = space.kind === "box" ? [this.batch, ...space.shape] : [this.batch];
    const values = fill(op, "action", actions, shape, new Float32Array(this.actionSpace.low.length));
    const of = (b: number) => (space.kind === "box" ? values.slice(b * A, (b + 1) * A) : values[b]);
    for (let b = 0; b < this.batch; b++) {
      if (space.kind === "discrete" && !contains(space, of(b) as number)) {
        wrongValue(op, `action[${b}]`, `an integer from ${space.start} to ${space.start + space.n - 1}`, of(b));
      }
    }
    return of;
  }

  #checkPhases(op: string): void {
    this.#phase.forEach((phase, b) => {
      if (phase === "fresh") throw new EpisodeError(`${op}: no episode was started; call reset() first`);
      if (phase === "ended" && this.autoreset === "disabled") {
        throw new EpisodeError(`${op}: the episode of environment ${b} has ended; call reset({ mask }) first`);
      }
    });
  }
}
