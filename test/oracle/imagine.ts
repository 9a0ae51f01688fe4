// Float64 twins of the kernels of imagined trajectories, and the slow twin of a whole batch: all trajectories one step at a
// time, each step a call of each kernel over all rows, the random numbers of a step three whole fills. Bit for bit what a
// batch must hold however its work is cut.

import { RandomStream } from "../../src/kernels/index.js";
import { type Batch, createBatch, type ImaginationOptions, type Sampling } from "../../src/learning/index.js";
import type { DynamicsModel } from "../../src/models/index.js";
import type { Policy } from "../../src/policies/index.js";
import { blockCount, type Scope } from "../../src/wasm/index.js";

/** shift + scale · median over members' rows. */
export function headMedian(
  outputs: readonly (readonly number[])[],
  shift: ArrayLike<number>,
  scale: ArrayLike<number>,
): number[] {
  return Array.from(shift, (center, c) => {
    const sorted = outputs.map((row) => row[c]).sort((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    return center + (scale[c] * (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)])) / 2;
  });
}

/** shift + scale · (mean + deviation · noise) over members' rows. */
export function headSpread(
  outputs: readonly (readonly number[])[],
  noise: ArrayLike<number>,
  shift: ArrayLike<number>,
  scale: ArrayLike<number>,
): number[] {
  return Array.from(shift, (center, c) => {
    const mean = outputs.reduce((sum, row) => sum + row[c], 0) / outputs.length;
    const variance = outputs.reduce((sum, row) => sum + (row[c] - mean) ** 2, 0) / outputs.length;
    return center + scale[c] * (mean + Math.sqrt(variance) * noise[c]);
  });
}

/** √(mean over columns of the variance over members' rows). */
export function headDisagreement(outputs: readonly (readonly number[])[], columns: number): number {
  let squares = 0;
  for (let c = 0; c < columns; c++) {
    const mean = outputs.reduce((sum, row) => sum + row[c], 0) / outputs.length;
    squares += outputs.reduce((sum, row) => sum + (row[c] - mean) ** 2, 0);
  }
  return Math.sqrt(squares / (outputs.length * columns));
}

/** One row: where it goes, and whether it counts. */
export function settle(
  next: readonly number[],
  observation: readonly number[],
  goesOn: boolean,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): { next: number[]; valid: number } {
  const good = goesOn && next.every(Number.isFinite);
  const clipped = next.map((value, d) => Math.max(low[d], Math.min(high[d], value)));
  return { next: good ? clipped : [...observation], valid: Number(good) };
}

/** One row: its reward and flags once it is scored. */
export function record(reward: number, terminated: number, valid: number, isLast: boolean) {
  const good = valid !== 0 && Number.isFinite(reward);
  const ends = good && terminated !== 0;
  return {
    reward: good ? reward : 0,
    valid: Number(good),
    terminated: Number(ends),
    ended: Number(ends || !good || isLast),
  };
}

/** The member slot of each block at a step: the place of the block's word among those of its group of K. */
export function turns(words: Uint32Array, blocks: number, K: number): number[] {
  return Array.from({ length: blocks }, (_, block) => {
    const begin = block - (block % K);
    const group = Array.from({ length: K }, (_, k) => k).sort((a, b) => words[begin + a] - words[begin + b] || a - b);
    return group.indexOf(block - begin);
  });
}

/** What `count` batches in turn must hold; angles and noDelta of the model are none. */
export function imagineTwin(
  scope: Scope,
  model: DynamicsModel,
  policy: Policy,
  { reward, terminated, sampling = "step", range = 100, disagreement = Infinity, seed }: ImaginationOptions,
  starts: Float32Array,
  sizes: { T: number; B: number; greedy: boolean },
  count: number,
): Batch[] {
  const { runtime, network, observationSize: D, actionSize, featureSize: F } = model;
  const { kernels } = runtime;
  const { targetSize, outputStride, eliteCount: K, elites, probabilistic, normalizer } = network;
  const { T, B, greedy } = sizes;
  const A = policy.actionSize;
  const random = scope.hold(new RandomStream(runtime, seed, "imagination"));
  const f32 = (...shape: number[]) => scope.tensor(shape);
  const table = scope
    .tensor([F, 2], "i32")
    .write([...Array(D).keys()].flatMap((i) => [0, i]).concat([...Array(actionSize).keys()].flatMap((i) => [3, i])));
  const delta = f32(D).write(new Float32Array(D).fill(1));
  const [state, next, action, raw, logProb, rewards] = [
    f32(B, D),
    f32(B, D),
    f32(B, actionSize),
    f32(B, A),
    f32(B),
    f32(B),
  ];
  const [features, target, single] = [f32(B, F), f32(B, targetSize), f32(B, targetSize)];
  const outputs = f32(K, B, outputStride);
  const [policyNoise, modelNoise, words] = [
    f32(B, A),
    f32(B, targetSize),
    scope.tensor([Math.ceil(B / K) * K + K], "u32"),
  ];
  const pass = scope.hold(policy.pass(B));
  const blocks = Math.max(blockCount(1, B), Math.min(B, K));
  const [max, min, shift, scale] = network.words.head;
  const low = typeof range === "number" ? new Float32Array(D).fill(-range) : Float32Array.from(range.low);
  const high = typeof range === "number" ? new Float32Array(D).fill(range) : Float32Array.from(range.high);

  // member slots of all rows at a step, by blocks
  const slotsOf = (places: readonly number[]): number[] =>
    places.flatMap((place, b) => {
      const rows = Math.floor((B * (b + 1)) / blocks) - Math.floor((B * b) / blocks);
      return new Array<number>(rows).fill(place);
    });

  function predict(way: Sampling, slots: readonly number[]): void {
    const { mean, inverseStd } = normalizer;
    const from = [state.address, action.address, table.address, mean.address, inverseStd.address] as const;
    kernels.model_features(features.address, ...from, B, D, actionSize, F);
    network.ensemble.predict(outputs, features, B, elites);
    const out = [target.address, outputs.address] as const;
    if (way === "mean") kernels.head_mean(...out, shift, scale, K, B, targetSize, outputStride);
    else if (way === "median") kernels.head_median(...out, shift, scale, K, B, targetSize, outputStride);
    else if (way === "gaussian") {
      kernels.head_spread(...out, modelNoise.address, shift, scale, K, B, targetSize, outputStride);
    } else {
      for (let k = 0; k < K; k++) {
        const output = outputs.address + 4 * k * B * outputStride;
        if (probabilistic) {
          const bounds = [modelNoise.address, max, min, shift, scale] as const;
          kernels.head_sample(single.address, output, ...bounds, B, targetSize, outputStride);
        } else kernels.head_mean(single.address, output, shift, scale, 1, B, targetSize, outputStride);
        for (const [r, slot] of slots.entries()) {
          if (slot !== k) continue;
          const row = single.view.slice(r * targetSize, (r + 1) * targetSize);
          target.view.set(row, r * targetSize);
        }
      }
    }
    const learned = model.learnsReward ? rewards.address : 0;
    kernels.apply_target(next.address, learned, state.address, target.address, delta.address, B, D, targetSize);
  }

  return Array.from({ length: count }, () => {
    const batch = createBatch(scope, { T, B, D, A, Aenv: actionSize });
    state.write(starts.subarray(0, B * D));
    let episode: number[] = [];
    for (let t = 0; t < T; t++) {
      if (policy.kind === "categorical") random.uniform(policyNoise);
      else random.normal(policyNoise);
      random.normal(modelNoise);
      random.bits(words);
      const places = turns(words.read() as Uint32Array, blocks, K);
      if (t === 0) episode = slotsOf(places);
      pass.forward(state, B);
      pass.act(action, raw, logProb, greedy ? undefined : policyNoise);
      const slots =
        sampling === "step" ? slotsOf(places) : sampling === "episode" ? episode : Array(B).fill(Number(sampling));
      predict(sampling, slots);
      const settled = Array.from({ length: B }, (_, r) => {
        const rowOf = (view: Float32Array) => [...view.subarray(r * D, (r + 1) * D)];
        const goesOn = t === 0 || batch.ended.view[(t - 1) * B + r] === 0;
        return settle(rowOf(next.view), rowOf(state.view), goesOn, low, high);
      });
      next.write(settled.flatMap((row) => row.next));
      const ends = new Uint8Array(B);
      reward?.(state.read(), action.read(), next.read(), rewards.view);
      terminated?.(next.read(), ends);
      for (let r = 0; r < B; r++) {
        const members = Array.from({ length: K }, (_, k) => {
          const from = (k * B + r) * outputStride;
          return [...outputs.view.subarray(from, from + targetSize)];
        });
        if (Math.fround(headDisagreement(members, targetSize)) > Math.fround(disagreement)) ends[r] = 1;
      }
      for (const [name, tensor] of Object.entries({
        observation: state,
        raw,
        action,
        logProb,
        nextObservation: next,
      })) {
        batch[name as "raw"].view.set(tensor.view, t * tensor.size);
      }
      for (const [r, { valid }] of settled.entries()) {
        const row = record(rewards.view[r], ends[r], valid, t === T - 1);
        for (const [name, value] of Object.entries({ ...row, time: t }))
          batch[name as "reward"].view[t * B + r] = value;
      }
      state.write(next.read());
    }
    return batch;
  });
}
