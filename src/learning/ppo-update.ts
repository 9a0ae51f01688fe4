// One update of proximal policy optimization (Schulman et al. 2017): epochs of minibatches, each an Adam step up the clipped
// surrogate (assembly/learning/surrogate.ts) plus an entropy bonus, until the epochs are over or the policy has moved too far
// from the one that collected. Anything not finite, and a computation given up on its way, leaves everything as it was.

import { checkInteger, checkNumber, checkOptions } from "../check.js";
import type { RandomStream } from "../kernels/index.js";
import { type Adam, createAdam } from "../nn/index.js";
import type { Policy, PolicyPass } from "../policies/index.js";
import type { Disposable, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { PolicyBatch } from "./batch.js";
import { combine, dot, allFinite } from "./vectors.js";

export interface PpoUpdateOptions {
  /** ε: a ratio beyond 1 ± ε earns nothing more. Default 0.2, as in the paper. */
  clip?: number | undefined;
  /** Passes over the batch, and rows of a minibatch. Defaults 10 and 64 (the paper's MuJoCo preset, Stable-Baselines3). */
  epochs?: number | undefined;
  batchSize?: number | undefined;
  /** Step size of Adam. Default 3e-4. */
  learningRate?: number | undefined;
  /** Weight of the mean entropy. Default 0. */
  entropy?: number | undefined;
  /**
   * An update ends before a step on a minibatch whose estimated divergence from the old policy exceeds 1.5 times this.
   * Default 0.03; a large number never stops.
   */
  targetKl?: number | undefined;
  /** Longest gradient. Default 0.5 (baselines, Stable-Baselines3). */
  maxGradNorm?: number | undefined;
}

export interface PpoReport {
  /** False: something was not finite, and nothing has changed. */
  readonly accepted: boolean;
  readonly reason?: "non-finite";
  /** Optimizer steps; fewer than epochs × minibatches when the divergence ended the update. */
  readonly steps: number;
  readonly stopped: boolean;
  /** Mean KL(π_old ‖ π) over the batch after the update, exact. */
  readonly kl: number;
  /** Share of the batch's rows whose ratio is clipped after the update, and the surrogate there. */
  readonly clipped: number;
  readonly surrogate: number;
  /** Mean entropy of the action distribution after the update. */
  readonly entropy: number;
}

const STOP = 1.5;

/** What `ppoUpdateSteps` works in, and the optimizer, which remembers from one update to the next. */
export class PpoMemory implements Disposable {
  readonly rows: number;
  readonly batchSize: number;
  readonly optimizer: Adam;
  /** @internal */
  readonly whole: PolicyPass;
  /** @internal */
  readonly pass: PolicyPass;
  /** @internal */
  readonly oldHead: Tensor;
  /** @internal */
  readonly gradient: Tensor;
  /** @internal */
  readonly before: Tensor;
  /** Surrogate sums. @internal */
  readonly sums: Tensor<"f64">;
  /** Of the whole batch. @internal */
  readonly logProb: Tensor;
  /** Row numbers of a minibatch, and its rows. @internal */
  readonly index: Tensor<"u32">;
  /** @internal */
  readonly mini: Readonly<
    Record<"observation" | "raw" | "logProb" | "oldLogProb" | "advantage" | "one" | "weights", Tensor>
  >;
  readonly #scope: Scope;

  /** Made by `createPpoMemory`. */
  constructor(scope: Scope, policy: Policy, rows: number, batchSize: number) {
    const size = policy.network.params.size;
    const b = Math.min(rows, batchSize);
    this.#scope = scope;
    this.rows = rows;
    this.batchSize = b;
    this.optimizer = scope.hold(createAdam(scope.runtime, policy.network, { epsilon: 1e-5 }));
    this.whole = scope.hold(policy.pass(rows));
    this.pass = scope.hold(policy.pass(b));
    this.oldHead = scope.tensor([rows, policy.headStride]);
    this.gradient = scope.tensor([size]);
    this.before = scope.tensor([size]);
    this.sums = scope.tensor([4], "f64");
    this.logProb = scope.tensor([rows]);
    this.index = scope.tensor([b], "u32");
    const column = (): Tensor => scope.tensor([b]);
    this.mini = {
      observation: scope.tensor([b, policy.observationSize]),
      raw: scope.tensor([b, policy.actionSize]),
      logProb: column(),
      oldLogProb: column(),
      advantage: column(),
      one: column(),
      weights: column(),
    };
    this.mini.one.view.fill(1);
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

/** Memory for updates of `policy` on batches of up to `rows` rows by minibatches of `batchSize` (default 64). */
export function createPpoMemory(policy: Policy, rows: number, batchSize = 64): PpoMemory {
  checkInteger("createPpoMemory", "rows", rows, 1);
  checkInteger("createPpoMemory", "batchSize", batchSize, 1);
  return policy.runtime.scoped((scope) => new PpoMemory(scope, policy, rows, batchSize));
}

/** Defaults filled in; throws on what does not fit. @internal */
export function completePpoOptions(options: PpoUpdateOptions, op = "ppoUpdate") {
  const known = ["clip", "epochs", "batchSize", "learningRate", "entropy", "targetKl", "maxGradNorm"] as const;
  const given = checkOptions(op, options, known);
  const { clip = 0.2, epochs = 10, batchSize = 64, learningRate = 3e-4 } = given;
  const { entropy = 0, targetKl = 0.03, maxGradNorm = 0.5 } = given;
  checkNumber(op, "clip", clip, 0);
  checkInteger(op, "epochs", epochs, 1);
  checkInteger(op, "batchSize", batchSize, 1);
  checkNumber(op, "learningRate", learningRate, 0);
  checkNumber(op, "entropy", entropy, 0);
  checkNumber(op, "targetKl", targetKl, 0);
  checkNumber(op, "maxGradNorm", maxGradNorm, 0);
  return { clip, epochs, batchSize, learningRate, entropy, targetKl, maxGradNorm };
}

/**
 * Updates `policy` on `batch`, whose log-densities are those under the policy as it is, one optimizer step per `next()`. Rows
 * that are not valid are left out. The order of the rows is drawn from `random`.
 */
export function* ppoUpdateSteps(
  policy: Policy,
  batch: PolicyBatch,
  memory: PpoMemory,
  random: RandomStream,
  options: PpoUpdateOptions = {},
): Steps<PpoReport> {
  const { clip, epochs, learningRate, entropy, targetKl, maxGradNorm } = completePpoOptions(options);
  const { rows } = batch;
  checkInteger("ppoUpdate", "batch.rows", rows, 1, memory.rows);
  const { runtime, network } = policy;
  const { whole, pass, gradient, mini, optimizer, sums, before } = memory;
  const used = Uint32Array.from({ length: rows }, (_, r) => r).filter((r) => batch.valid.view[r] !== 0);
  const order = new Uint32Array(used.length);
  const minibatches = Math.ceil(used.length / memory.batchSize);
  const optimizerBefore = optimizer.save();
  const randomBefore = random.save();
  before.view.set(network.params.view);
  whole.forward(batch.observation, rows);
  memory.oldHead.view.set(whole.head.view.subarray(0, rows * policy.headStride));

  // gradient of the negative objective on rows `from` … of the order; the estimated divergence
  const minibatch = (from: number, n: number): number => {
    memory.index.view.set(order.subarray(from, from + n));
    gather(policy, memory, batch, n);
    pass.forward(mini.observation, n);
    pass.logProb(mini.logProb, mini.raw);
    const [weights, now, old] = [mini.weights.address, mini.logProb.address, mini.oldLogProb.address];
    const { advantage, one } = mini;
    runtime.kernels.surrogate(sums.address, weights, now, old, advantage.address, one.address, n, clip, -1);
    pass.gradient(gradient, mini.raw, mini.weights, -entropy);
    return sums.view[2];
  };

  optimizer.learningRate = learningRate;
  let steps = 0;
  let stopped = false;
  let accepted = false;
  try {
    for (let epoch = 0; epoch < epochs && !stopped; epoch++) {
      random.permutation(order);
      for (let i = 0; i < order.length; i++) order[i] = used[order[i]];
      for (let m = 0; m < minibatches; m++) {
        const from = m * memory.batchSize;
        const divergence = minibatch(from, Math.min(memory.batchSize, used.length - from));
        const norm = Math.sqrt(dot(runtime, gradient, gradient));
        if (!Number.isFinite(divergence + norm + sums.view[0])) return failure(steps);
        if (divergence > STOP * targetKl) {
          stopped = true;
          break;
        }
        if (norm > maxGradNorm) combine(runtime, gradient, maxGradNorm / norm, gradient, 0, gradient);
        optimizer.step(gradient);
        steps++;
        yield;
      }
    }
    whole.forward(batch.observation, rows);
    whole.logProb(memory.logProb, batch.raw);
    const [now, old] = [memory.logProb.address, batch.logProb.address];
    const { advantage, valid } = batch;
    runtime.kernels.surrogate(sums.address, 0, now, old, advantage.address, valid.address, rows, clip, 1);
    const kl = whole.kl(memory.oldHead, valid);
    const [surrogate, count, , clipped] = sums.view as Float64Array;
    whole.entropy(memory.logProb, valid);
    const mean = count > 0 ? runtime.kernels.vector_dot(memory.logProb.address, valid.address, rows) / count : 0;
    if (!(allFinite(runtime, network.params) && Number.isFinite(kl + surrogate + mean))) return failure(steps);
    accepted = true;
    return { accepted, steps, stopped, kl, clipped, surrogate, entropy: mean };
  } finally {
    if (!accepted) {
      network.params.view.set(before.view);
      network.changed();
      optimizer.load(optimizerBefore);
      random.load(randomBefore);
    }
  }
}

function failure(steps: number): PpoReport {
  const nothing = { kl: 0, clipped: 0, surrogate: 0, entropy: 0 };
  return { accepted: false, reason: "non-finite", steps, stopped: false, ...nothing };
}

// the rows of a minibatch, as `memory.index` names them
function gather(
  { runtime: { kernels }, observationSize, actionSize }: Policy,
  memory: PpoMemory,
  batch: PolicyBatch,
  n: number,
) {
  const { index, mini } = memory;
  const take = (out: Tensor, source: Tensor, columns: number): void =>
    kernels.rows_gather(out.address, source.address, index.address, n, columns);
  take(mini.observation, batch.observation, observationSize);
  take(mini.raw, batch.raw, actionSize);
  take(mini.oldLogProb, batch.logProb, 1);
  take(mini.advantage, batch.advantage, 1);
}
