// One step of trust region policy optimization (Schulman et al. 2015, appendix C):
//
//   g = ∂L/∂θ at θ_old,  L(θ) = Σ w ρ A / Σ w,  ρ = π_θ(u|s) / π_old(u|s)
//   x ≈ (F + damping·I)⁻¹ g by conjugate gradients, F the exact Fisher matrix of the action distribution
//   for k = 0, 1, …: θ = θ_old + backtrack^k · √(2δ / xᵀ(F + damping·I)x) · x,
//     until L(θ) > L(θ_old) and KL(π_old ‖ π_θ) ≤ δ, both finite
//
// If no such k is found, and also if the computation is given up on its way, the parameters come back bit for bit.

import { checkInteger, checkNumber, checkOptions, wrongValue } from "../check.js";
import type { Policy, PolicyPass } from "../policies/index.js";
import type { Disposable, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { PolicyBatch } from "./batch.js";
import { type CgMemory, cgMemory, conjugateGradientSteps } from "./conjugate-gradient.js";
import { combine, dot } from "./vectors.js";

export interface TrpoUpdateOptions {
  /** δ: largest mean KL divergence of a step. Default 0.01, as in the paper. */
  maxKl?: number | undefined;
  /** Added to the diagonal of the Fisher matrix; at least 1e-3, below which float32 breaks down. Default 0.1 (OpenAI's baselines). */
  damping?: number | undefined;
  /** Products of a solve at most, and the share of ‖g‖² at which it ends sooner. Defaults 10 and 1e-10 (baselines). */
  cgIterations?: number | undefined;
  cgResidual?: number | undefined;
  /** Factor from one try to the next, and tries at most. Defaults 0.8 and 15 (rllab). */
  backtrack?: number | undefined;
  maxBacktracks?: number | undefined;
}

export interface TrpoReport {
  readonly accepted: boolean;
  /** Why there was no step; `non-finite` means that the batch or the policy is unsound. */
  readonly reason?: "no improvement" | "no gradient" | "non-finite" | "not positive";
  /** Mean KL(π_old ‖ π) of the accepted step, over the rows that count; 0 without one. */
  readonly kl: number;
  /** L(θ) − L(θ_old) of the accepted step. */
  readonly improvement: number;
  readonly surrogateBefore: number;
  /** Steps of the line search that were looked at. */
  readonly stepsTried: number;
  /** True relative residual of the conjugate gradients. */
  readonly cgResidual: number;
  /** Mean entropy of the action distribution before the step. */
  readonly entropy: number;
}

/** Rows that the Fisher matrix is averaged over, unless said otherwise. */
const FISHER_ROWS = 10_000;

/** What `trpoUpdateSteps` works in; made once for batches of up to `rows` rows. */
export class TrpoMemory implements Disposable {
  readonly rows: number;
  /** Rows of the Fisher matrix: all, or a fixed sample. */
  readonly fisherRows: number;
  /** @internal */
  readonly pass: PolicyPass;
  /** @internal */
  readonly oldHead: Tensor;
  /** @internal */
  readonly perRow: { readonly logProb: Tensor; readonly weights: Tensor; readonly entropy: Tensor };
  /** Surrogate sums. @internal */
  readonly sums: Tensor<"f64">;
  /** @internal */
  readonly gradient: Tensor;
  /** Parameters before the step. @internal */
  readonly before: Tensor;
  /** @internal */
  readonly cg: CgMemory;
  /** Only where the Fisher matrix is that of a sample. @internal */
  readonly sample: FisherSample | undefined;
  readonly #scope: Scope;

  /** Made by `createTrpoMemory`. */
  constructor(scope: Scope, policy: Policy, rows: number, fisherRows: number) {
    const size = policy.network.params.size;
    this.#scope = scope;
    this.rows = rows;
    this.fisherRows = Math.min(rows, fisherRows);
    this.pass = scope.hold(policy.pass(rows));
    this.oldHead = scope.tensor([rows, policy.headStride]);
    this.perRow = { logProb: scope.tensor([rows]), weights: scope.tensor([rows]), entropy: scope.tensor([rows]) };
    this.sums = scope.tensor([4], "f64");
    this.gradient = scope.tensor([size]);
    this.before = scope.tensor([size]);
    this.cg = cgMemory(scope, size);
    this.sample = fisherRows < rows ? new FisherSample(scope, policy, fisherRows) : undefined;
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using memory = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

// A sample of the rows, the same for the same number of rows: in steps of the golden ratio, which falls in with no period of
// time or of trajectories.
class FisherSample {
  readonly pass: PolicyPass;
  readonly valid: Tensor;
  readonly #observation: Tensor;
  readonly #index: Tensor<"u32">;

  constructor(scope: Scope, policy: Policy, rows: number) {
    this.pass = scope.hold(policy.pass(rows));
    this.valid = scope.tensor([rows]);
    this.#observation = scope.tensor([rows, policy.observationSize]);
    this.#index = scope.tensor([rows], "u32");
  }

  forward(policy: Policy, { observation, valid, rows }: PolicyBatch): void {
    const { kernels } = policy.runtime;
    const [index, n, D] = [this.#index, this.valid.size, policy.observationSize];
    const stride = coprime(Math.round(rows * 0.618), rows);
    for (let i = 0; i < n; i++) index.view[i] = (i * stride) % rows;
    kernels.rows_gather(this.#observation.address, observation.address, index.address, n, D);
    kernels.rows_gather(this.valid.address, valid.address, index.address, n, 1);
    this.pass.forward(this.#observation, n, this.valid);
  }
}

// the first number from `from` on without a divisor in common with `n`
function coprime(from: number, n: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let candidate = Math.max(1, from);
  while (divisor(candidate, n) !== 1) candidate++;
  return candidate;
}

/**
 * Memory for updates of `policy` on batches of up to `rows` rows. `fisherRows`: batches with more rows than this average the
 * Fisher matrix over a fixed sample of so many. Default 10,000 (OpenAI's baselines take every fifth row).
 */
export function createTrpoMemory(policy: Policy, rows: number, fisherRows = FISHER_ROWS): TrpoMemory {
  checkInteger("createTrpoMemory", "rows", rows, 1);
  checkInteger("createTrpoMemory", "fisherRows", fisherRows, 1);
  return policy.runtime.scoped((scope) => new TrpoMemory(scope, policy, rows, fisherRows));
}

/** Defaults filled in; throws on what does not fit. @internal */
export function completeTrpoOptions(options: TrpoUpdateOptions, op = "trpoUpdate") {
  const known = ["maxKl", "damping", "cgIterations", "cgResidual", "backtrack", "maxBacktracks"] as const;
  const given = checkOptions(op, options, known);
  const { maxKl = 0.01, damping = 0.1, cgIterations = 10, cgResidual = 1e-10 } = given;
  const { backtrack = 0.8, maxBacktracks = 15 } = given;
  if (checkNumber(op, "maxKl", maxKl, 0) === 0) wrongValue(op, "maxKl", "a number above 0", maxKl);
  checkNumber(op, "damping", damping, 1e-3);
  checkInteger(op, "cgIterations", cgIterations, 1);
  checkNumber(op, "cgResidual", cgResidual, 0, 1);
  checkNumber(op, "backtrack", backtrack, 0, 1);
  if (backtrack === 0 || backtrack === 1) wrongValue(op, "backtrack", "a number between 0 and 1", backtrack);
  checkInteger(op, "maxBacktracks", maxBacktracks, 1);
  return { maxKl, damping, cgIterations, cgResidual, backtrack, maxBacktracks };
}

/**
 * Makes one step of `policy` on `batch`, whose log-densities are those under the policy as it is. Rows that are not valid do
 * not count. Given up on its way, or without an acceptable step, it leaves the parameters as they were, bit for bit.
 */
export function* trpoUpdateSteps(
  policy: Policy,
  batch: PolicyBatch,
  memory: TrpoMemory,
  options: TrpoUpdateOptions = {},
): Steps<TrpoReport> {
  const { maxKl, damping, cgIterations, cgResidual, backtrack, maxBacktracks } = completeTrpoOptions(options);
  const { rows } = batch;
  checkInteger("trpoUpdate", "batch.rows", rows, 1, memory.rows);
  const { runtime, network } = policy;
  const { pass, perRow, gradient, before, sums } = memory;

  const surrogate = (weights?: Tensor): number => {
    pass.logProb(perRow.logProb, batch.raw);
    runtime.kernels.surrogate(
      sums.address,
      weights?.address ?? 0,
      perRow.logProb.address,
      batch.logProb.address,
      batch.advantage.address,
      batch.valid.address,
      rows,
      Infinity,
      1,
    );
    return sums.view[0];
  };

  pass.forward(batch.observation, rows, batch.valid);
  memory.oldHead.view.set(pass.head.view.subarray(0, rows * policy.headStride));
  const surrogateBefore = surrogate(perRow.weights);
  const count = sums.view[1];
  pass.entropy(perRow.entropy, batch.valid);
  const entropy = runtime.kernels.vector_dot(perRow.entropy.address, batch.valid.address, rows) / count;
  const report = { accepted: false, kl: 0, improvement: 0, surrogateBefore, stepsTried: 0, cgResidual: 0, entropy };
  if (!Number.isFinite(surrogateBefore + entropy)) return { ...report, reason: "non-finite" };
  yield;
  pass.gradient(gradient, batch.raw, perRow.weights);
  yield;
  const slope = dot(runtime, gradient, gradient);
  if (!Number.isFinite(slope)) return { ...report, reason: "non-finite" };
  if (slope === 0) return { ...report, reason: "no gradient" };

  const sample = rows > memory.fisherRows ? memory.sample : undefined;
  sample?.forward(policy, batch);
  const [fisherPass, fisherWeight] = sample ? [sample.pass, sample.valid] : [pass, batch.valid];
  const product = (out: Tensor, v: Tensor): void => {
    fisherPass.fisher(out, v, fisherWeight);
    combine(runtime, out, 1, out, damping, v);
  };
  const solve = { iterations: cgIterations, tolerance: cgResidual };
  const { residual, curvature } = yield* conjugateGradientSteps(runtime, product, gradient, memory.cg, solve);
  report.cgResidual = residual;
  // also when it is NaN
  if (!(curvature > 0 && curvature < Infinity)) return { ...report, reason: "not positive" };

  before.view.set(network.params.view);
  let accepted = false;
  try {
    let share = Math.sqrt((2 * maxKl) / curvature);
    for (let tries = 0; tries < maxBacktracks; tries++, share *= backtrack) {
      combine(runtime, network.params, 1, before, share, memory.cg.x);
      network.changed();
      pass.forward(batch.observation, rows, batch.valid);
      yield;
      const improvement = surrogate() - surrogateBefore;
      const kl = pass.kl(memory.oldHead, batch.valid);
      report.stepsTried++;
      // comparisons with NaN are false: what is not finite is not accepted
      if (improvement > 0 && improvement < Infinity && kl <= maxKl && kl > -Infinity) {
        accepted = true;
        return { ...report, accepted, kl, improvement };
      }
      yield;
    }
    return { ...report, reason: "no improvement" };
  } finally {
    if (!accepted) {
      network.params.view.set(before.view);
      network.changed();
    }
  }
}
