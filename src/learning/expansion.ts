// Value expansion: targets of a critic from several steps of a learned ensemble (Feinberg et al. 2018, MVE; Buckman et al. 2018,
// STEVE). What a real transition led to is carried on by every member under the target policy; with the critic's values along
// the way there is a candidate target for every horizon 0 … H, member and critic, and a rule makes one of them:
//   last     the longest horizon, as MVE                 mean    the mean of all horizons
//   lambda   Σ_{h<H} (1 − λ) λ^h T_h + λ^H T_H           min     the least horizon
//   steve    weights ∝ 1 / (variance over members and critics + 1e-8)
// The arithmetic is in assembly/learning/expansion.ts.

import { checkInteger, checkNumber, checkOneOf, checkOptions, wrongKind, wrongValue } from "../check.js";
import { checkScores, type DynamicsModel, scoreOutside } from "../models/index.js";
import type { Policy } from "../policies/index.js";
import type { Disposable, DType, RewardFunction, TerminationFunction } from "../types.js";
import { blockCount, checkRows, MAX_BLOCK_ROWS, Region, type Runtime, type Scope, type Tensor } from "../wasm/index.js";
import { checkChain } from "./check-chain.js";
import { stateRange } from "./imagination.js";
import { checkClip } from "./targets.js";

/** The rules, in the order of assembly/learning/expansion.ts. */
export const expansionRules = ["last", "mean", "lambda", "min", "steve"] as const;

export type ExpansionRule = (typeof expansionRules)[number];

export interface MixOptions {
  readonly rule: ExpansionRule;
  /** Discount. */
  readonly gamma: number;
  /** λ of the rule `lambda`. Default 0.25, as STEVE's comparison. */
  readonly lambda?: number | undefined;
  /** Share β of the rule's target; the rest is the real one-step target T_0. Default 1. */
  readonly beta?: number | undefined;
  /**
   * Do critics count by the least of them or by their mean, where a horizon's estimate is made? Default `min` (Fujimoto et al.
   * 2018), but `mean` for the rule `steve`.
   */
  readonly critics?: "min" | "mean" | undefined;
  /** Bounds of what a value can be, to which candidates are clipped. Default: none. */
  readonly clip?: readonly [number, number] | undefined;
}

/** B real transitions. */
export interface RealRows {
  readonly rows: number;
  /** [B] */
  readonly reward: Tensor;
  readonly terminated: Tensor<"u8">;
  /** Values of where they led [K, B]. */
  readonly value: Tensor;
}

/** H steps of E members from where B real transitions led. */
export interface ImaginedRows {
  readonly horizon: number;
  readonly members: number;
  /** [H, E, B]: rewards, probabilities to go on, 1 where the prediction is a finite number. */
  readonly reward: Tensor;
  readonly goes: Tensor;
  readonly finite: Tensor;
  /** [K, H, E, B] */
  readonly value: Tensor;
}

/** What becomes of the horizons of a batch, 0 … H. */
export interface HorizonShares {
  /** Mean weight that the rule gives each horizon: with β < 1 a target takes β of it, and 1 − β of T_0 on top. */
  readonly shares: Float64Array;
}

/** Checks the options of a mixture. */
export function checkMix(op: string, options: MixOptions): Required<MixOptions> {
  const { rule, gamma, lambda = 0.25, beta = 1, clip = [-Infinity, Infinity] } = options;
  const { critics = rule === "steve" ? "mean" : "min" } = options;
  checkOneOf(op, "rule", rule, expansionRules);
  checkNumber(op, "gamma", gamma, 0, 1);
  checkNumber(op, "lambda", lambda, 0, 1);
  checkNumber(op, "beta", beta, 0, 1);
  checkOneOf(op, "critics", critics, ["min", "mean"]);
  checkClip(op, clip);
  return { rule, gamma, lambda, beta, critics, clip };
}

/**
 * Writes a target for each real row to out [B], and if wanted the estimates of all horizons [H + 1, B]. Throws `TypeError` or
 * `RangeError` on tensors or options that do not fit together.
 */
export function expandedTargets(
  runtime: Runtime,
  out: Tensor,
  real: RealRows,
  imagined: ImaginedRows,
  options: MixOptions,
  estimates?: Tensor,
): HorizonShares {
  const op = "expandedTargets";
  checkOptions(op, options, ["rule", "gamma", "lambda", "beta", "critics", "clip"]);
  const complete = checkMix(op, options);
  const { rows: B } = real;
  const { horizon: H, members: E } = imagined;
  checkInteger(op, "rows", B, 1);
  checkInteger(op, "horizon", H);
  checkInteger(op, "members", E, 1);
  const check = (name: string, tensor: Tensor<DType>, rows: number, dtype?: DType): void =>
    checkTensor(op, runtime, name, tensor, rows, B, dtype);
  check("out", out, 1);
  check("real.reward", real.reward, 1);
  check("real.terminated", real.terminated, 1, "u8");
  check("real.value", real.value, 1);
  const K = real.value.size / B;
  if (!Number.isInteger(K)) wrongValue(op, "real.value", `${B} values of each critic`, `${real.value.size} values`);
  check("imagined.reward", imagined.reward, H * E);
  check("imagined.goes", imagined.goes, H * E);
  check("imagined.finite", imagined.finite, H * E);
  check("imagined.value", imagined.value, K * H * E);
  if (estimates) check("estimates", estimates, H + 1);
  return runtime.scoped((scope) => {
    const shares = scope.tensor([H + 1], "f64");
    const scratch = scope.tensor([H + 1, E * K + 2], "f64");
    mix(runtime, { out, estimates, shares, scratch }, real, imagined, K, complete);
    const result = { shares: shares.read() as Float64Array };
    scope.dispose();
    return result;
  });
}

/** Where a mixture goes. @internal */
export interface MixOut {
  readonly out: Tensor;
  readonly estimates: Tensor | undefined;
  /** [H + 1] */
  readonly shares: Tensor<"f64">;
  /** [H + 1, E · K + 2] */
  readonly scratch: Tensor<"f64">;
}

/** `expandedTargets` without checks and memory of its own. @internal */
export function mix(
  runtime: Runtime,
  { out, estimates, shares, scratch }: MixOut,
  real: RealRows,
  imagined: ImaginedRows,
  K: number,
  { rule, gamma, lambda, beta, critics, clip }: Required<MixOptions>,
): void {
  runtime.kernels.expansion_targets(
    out.address,
    estimates?.address ?? 0,
    shares.address,
    real.reward.address,
    real.terminated.address,
    real.value.address,
    imagined.reward.address,
    imagined.goes.address,
    imagined.finite.address,
    imagined.value.address,
    scratch.address,
    imagined.horizon,
    imagined.members,
    K,
    real.rows,
    expansionRules.indexOf(rule),
    Number(critics === "min"),
    gamma,
    lambda as number,
    beta as number,
    ...(clip as readonly [number, number]),
  );
}

// rows of a runtime's own memory
function checkTensor(
  op: string,
  runtime: Runtime,
  name: string,
  tensor: Tensor<DType>,
  rows: number,
  columns: number,
  dtype?: DType,
): void {
  checkRows(op, name, tensor, rows, columns, dtype);
  if (!runtime.owns(tensor)) wrongValue(op, name, "one of the same runtime", "one of another");
}

export interface ExpansionOptions {
  model: DynamicsModel;
  /** The policy that members are carried by, usually a target network; its mode acts. */
  policy: Policy;
  /** Steps (H). */
  horizon: number;
  /** Most rows of a batch (B). */
  rows: number;
  /** Reward of a transition, and which next observations have no future (default: none). A model that learned the reward has none. */
  reward?: RewardFunction | undefined;
  terminated?: TerminationFunction | undefined;
  /** Instead of `terminated`: the chances to go on [n] from next observations [n, D], as they were learned. */
  continues?: ((next: Float32Array) => Float32Array) | undefined;
  /** Predicted states are clipped to ± this number. Default 100, as imagined trajectories. */
  range?: number | undefined;
}

/** Where every elite member is led from B starts: all of it [H, E, B, …], packed for the rows of the last `imagine`. */
export class Expansion implements Disposable {
  readonly horizon: number;
  /** Elite members (E). */
  readonly members: number;
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly goes: Tensor;
  readonly finite: Tensor;
  readonly #scope: Scope;
  readonly #options: ExpansionOptions;
  readonly #region: Region;
  readonly #range: Tensor;
  readonly #scratch: Tensor;

  /** Made by `createExpansion`. */
  constructor(scope: Scope, options: ExpansionOptions) {
    const { model, policy, horizon: H, rows: B, range = 100 } = options;
    const { network, featureSize, observationSize: D, actionSize: A } = model;
    const E = network.eliteCount;
    this.#scope = scope;
    this.#options = options;
    this.horizon = H;
    this.members = E;
    this.observation = scope.tensor([H, E, B, D]);
    this.action = scope.tensor([H, E, B, A]);
    this.reward = scope.tensor([H, E, B]);
    this.goes = scope.tensor([H, E, B]);
    this.finite = scope.tensor([H, E, B]);
    this.#region = new Region(scope, "expand", 19);
    this.#range = scope.tensor([2, D]).write(stateRange(range, D));
    // of each thread, for each row: an end, and what a step of the policy takes, or one of the model
    const acting = 2 * policy.network.table.widest + policy.headStride + D;
    const predicting = 2 * network.ensemble.table.widest + network.outputStride + featureSize + network.targetSize;
    const floats = MAX_BLOCK_ROWS * (1 + Math.max(acting, predicting));
    this.#scratch = scope.tensor([scope.runtime.threads, 16 * Math.ceil(floats / 16)]);
  }

  /**
   * Carries starts [B, D], where the policy acts by start actions [B, A], on. Throws `TypeError` or `RangeError` on tensors that do
   * not fit, and when a function that is not compiled does not give a number, or a chance, for every row.
   */
  imagine(start: Tensor, startAction: Tensor, rows: number): void {
    const op = "expansion.imagine";
    const { model, policy, reward, terminated, continues } = this.#options;
    const { observationSize: D, actionSize: A } = model;
    checkInteger(op, "rows", rows, 1, this.#options.rows);
    checkTensor(op, model.runtime, "start", start, rows, D);
    checkTensor(op, model.runtime, "startAction", startAction, rows, A);
    if (this.horizon === 0) return;
    const blocks = blockCount(this.members, rows);
    const low = this.#range.address;
    const out = [this.observation, this.action, this.reward, this.goes, this.finite].map(({ address }) => address);
    const words = [
      ...[model.table.address, policy.table.address, rows, blocks, this.horizon],
      ...[start.address, startAction.address, low, low + 4 * D, ...out],
      ...[reward?.compiled?.task ?? 0, terminated?.compiled?.task ?? 0],
      ...[this.#scratch.address, 4 * this.#scratch.shape[1], MAX_BLOCK_ROWS],
    ];
    this.#region.run(words, this.members * blocks);
    const chances = continues && this.#chances(continues, rows);
    if ((reward && !reward.compiled) || (terminated && !terminated.compiled)) this.#score(start, startAction, rows);
    if (chances) this.goes.view.set(chances);
  }

  // the chances to go on after every step, none of which is used where the prediction is no number
  #chances(continues: (next: Float32Array) => Float32Array, B: number): Float32Array {
    const rows = this.horizon * this.members * B;
    const chances = continues(this.observation.view.slice(0, rows * this.#options.model.observationSize));
    if (chances?.length !== rows) wrongValue("continues", "result", `${rows} chances`, chances);
    const finite = this.finite.view;
    for (let r = 0; r < rows; r++) {
      if (finite[r] && !(chances[r] >= 0 && chances[r] <= 1)) {
        wrongValue("continues", `result[${r}]`, "a number in [0, 1]", chances[r]);
      }
    }
    return chances;
  }

  // what only JavaScript knows of all steps: no state depends on it
  #score(start: Tensor, startAction: Tensor, B: number): void {
    const { observationSize: D, actionSize: A } = this.#options.model;
    const each = this.members * B;
    const rows = this.horizon * each;
    // where the steps come from: E times the start, then all but the last
    const from = (first: Tensor, after: Tensor, columns: number): Float32Array => {
      const out = new Float32Array(rows * columns);
      for (let e = 0; e < this.members; e++) out.set(first.view.subarray(0, B * columns), e * B * columns);
      out.set(after.view.subarray(0, (rows - each) * columns), each * columns);
      return out;
    };
    const next = this.observation.view.slice(0, rows * D);
    const states = from(start, this.observation, D);
    const { rewards, ends } = scoreOutside(this.#options, states, from(startAction, this.action, A), next, rows);
    if (rewards) this.reward.view.set(rewards);
    if (ends) this.goes.view.set(Float32Array.from(ends, (end) => (end ? 0 : 1)));
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using expansion = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** What carries starts on. Throws `TypeError` or `RangeError` when model and policy are not of one runtime and the same sizes. */
export function createExpansion(options: ExpansionOptions): Expansion {
  const op = "createExpansion";
  const {
    model,
    policy,
    horizon,
    rows,
    range = 100,
  } = checkOptions(op, options, ["model", "policy", "horizon", "rows", "reward", "terminated", "continues", "range"]);
  checkChain(op, model, policy);
  if (policy.kind === "categorical") wrongValue(op, "policy", "one whose actions are numbers", policy.kind);
  checkScores(op, options, model);
  if (options.continues !== undefined) {
    if (typeof options.continues !== "function") wrongKind(op, "continues", "a function", options.continues);
    if (options.terminated !== undefined) wrongKind(op, "continues", "nothing, beside `terminated`", options.continues);
  }
  checkInteger(op, "horizon", horizon, 0, 100);
  checkInteger(op, "rows", rows, 1);
  if (!(range > 0)) wrongValue(op, "range", "a number above 0", range);
  return model.runtime.scoped((scope) => new Expansion(scope, options));
}
