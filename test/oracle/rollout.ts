// The slow twin of a learned rollout: all particles one step at a time, each step a call of each kernel over all rows, the
// noise of a step one fill. Bit for bit what the rollout must return however it cuts its work.

import { RandomStream } from "../../src/kernels/index.js";
import type { DynamicsModel, LearnedRolloutOptions } from "../../src/models/index.js";
import type { Tensor } from "../../src/wasm/index.js";

/** What the twin must know of a model's options. */
export interface TwinShape {
  readonly angles: readonly number[];
  readonly noDelta: readonly number[];
}

/** A function that returns what `calls` rollouts in turn return for sequences [N, H, A] from `start`. */
export function rolloutTwin(
  model: DynamicsModel,
  { angles, noDelta }: TwinShape,
  { reward, terminated, propagation = "TSinf", particles, risk = 0, seed }: LearnedRolloutOptions,
  start: readonly number[],
  actions: Tensor,
  calls: number,
): Float32Array[] {
  const { runtime, network, observationSize: D, actionSize: A, featureSize: F } = model;
  const { kernels } = runtime;
  const { targetSize: T, outputStride: stride, eliteCount, elites, probabilistic, normalizer } = network;
  const [N, H] = actions.shape;
  const shared = propagation === "expectation";
  const E = shared ? 1 : eliteCount;
  const Q = shared ? 1 : (particles ?? E) / E;
  const rows = E * N * Q;
  const [maxLogvar, minLogvar, shift, scale] = network.words.head;
  return runtime.scoped((scope) => {
    const random = scope.hold(new RandomStream(runtime, seed, "learned-rollout"));
    const f32 = (...shape: number[]): Tensor => scope.tensor(shape);
    const ops = [...Array(D).keys()].flatMap((i) => (angles.includes(i) ? [1, i, 2, i] : [0, i]));
    const table = scope.tensor([F, 2], "i32").write([...ops, ...[...Array(A).keys()].flatMap((i) => [3, i])]);
    const delta = f32(D).write([...Array(D).keys()].map((i) => Number(!noDelta.includes(i))));
    const [state, next, action, rewards] = [f32(rows, D), f32(rows, D), f32(rows, A), f32(rows)];
    const features = shared ? f32(rows, F) : f32(E, rows / E, F);
    const [output, target, noise] = [f32(eliteCount * rows, stride), f32(rows, T), f32(rows, T)];
    const [mean, variance] = [f32(rows, T), f32(rows, T)];
    const [total, ended, alive] = [scope.tensor([rows], "f64"), scope.tensor([rows], "u8"), scope.tensor([rows], "u8")];
    const [bits, index] = [scope.tensor([rows], "u32"), scope.tensor([rows], "u32")];
    const out = f32(N);

    function predict(): void {
      const { mean: centers, inverseStd } = normalizer;
      const [centered, spread] = [centers.address, inverseStd.address];
      const sources = [state.address, action.address, table.address] as const;
      kernels.model_features(features.address, ...sources, centered, spread, rows, D, A, F);
      network.ensemble.predict(output, features, shared ? rows : rows / E, elites);
      if (shared) {
        const outs = [mean.address, variance.address, noise.address] as const;
        const head = [maxLogvar, minLogvar, shift, scale] as const;
        kernels.head_moments(...outs, output.address, ...head, eliteCount, rows, T, stride, Number(probabilistic));
        target.view.set(mean.view);
      } else if (probabilistic) {
        random.normal(noise);
        const from = [output.address, noise.address, maxLogvar, minLogvar] as const;
        kernels.head_sample(target.address, ...from, shift, scale, rows, T, stride);
      } else kernels.head_mean(target.address, output.address, shift, scale, 1, rows, T, stride);
      const learned = model.learnsReward ? rewards.address : 0;
      kernels.apply_target(next.address, learned, state.address, target.address, delta.address, rows, D, T);
    }

    function once(): Float32Array {
      for (let r = 0; r < rows; r++) state.view.set(start, r * D);
      total.view.fill(0);
      alive.view.fill(1);
      for (let t = 0; t < H; t++) {
        for (let r = 0; r < rows; r++) {
          const n = Math.floor((r % (N * Q)) / Q);
          for (let a = 0; a < A; a++) action.view[r * A + a] = actions.view[(n * H + t) * A + a];
        }
        predict();
        reward?.(state.read(), action.read(), next.read(), rewards.view);
        terminated?.(next.read(), ended.view);
        kernels.particle_rewards(total.address, alive.address, rewards.address, ended.address, rows);
        const order = [...Array(rows).keys()];
        if (propagation === "TS1" && t + 1 < H) {
          random.bits(bits);
          kernels.particle_shuffle(index.address, bits.address, E, N, Q);
          order.splice(0, rows, ...index.read());
        }
        const [totals, flags] = [total.read(), alive.read()];
        for (const [r, source] of order.entries()) {
          state.view.set(next.view.subarray(source * D, (source + 1) * D), r * D);
          total.view[r] = totals[source];
          alive.view[r] = flags[source];
        }
      }
      kernels.particle_returns(out.address, total.address, risk, E, N, Q);
      return out.read();
    }
    const results = Array.from({ length: calls }, once);
    scope.dispose();
    return results;
  });
}
