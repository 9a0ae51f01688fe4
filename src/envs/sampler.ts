// Seeded random points of a space, as exploration needs them.

import { checkInteger, checkOptions } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import type { Box, Discrete, Disposable, Json, Space } from "../types.js";
import type { Runtime, Tensor } from "../wasm/index.js";

/** Draws points of one space from a stream of its own. */
export interface Sampler<S extends Space = Space> extends Disposable {
  /** The next point: a number of a discrete space, the elements of a box (into `out` if given). */
  sample(out?: Float32Array): S extends Discrete ? number : Float32Array;
  /** Where the stream stands, for `load`. */
  save(): Json;
  load(state: Json): void;
}

/**
 * A sampler of `space`; the same seed gives the same points. Elements with two bounds are uniform, with none standard
 * normal, with one the bound plus or minus the size of a standard normal (Gymnasium takes an exponential there).
 */
export function createSampler<S extends Space>(runtime: Runtime, space: S, options?: { seed?: number }): Sampler<S> {
  const { seed = 0 } = checkOptions("createSampler", options, ["seed"]);
  checkInteger("createSampler", "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  return runtime.scoped((scope) => {
    const stream = scope.hold(new RandomStream(runtime, seed, "space-sampler"));
    const draw =
      space.kind === "discrete" ? discreteDraw(space, stream) : boxDraw(space, stream, (n) => scope.tensor([n]));
    return {
      sample: draw,
      save: () => stream.save(),
      load: (state: Json) => stream.load(state),
      dispose: () => scope.dispose(),
    } as Sampler<S>;
  });
}

function discreteDraw({ n, start }: Discrete, stream: RandomStream): () => number {
  return () => start + stream.integer(n);
}

function boxDraw(
  { low, high }: Box,
  stream: RandomStream,
  tensor: (n: number) => Tensor,
): (out?: Float32Array) => Float32Array {
  const size = low.length;
  const uniform = tensor(size);
  const normal = tensor(size);
  const bounded = low.every((_, i) => Number.isFinite(low[i]) && Number.isFinite(high[i]));
  return (out = new Float32Array(size)) => {
    stream.uniform(uniform);
    if (!bounded) stream.normal(normal);
    const u = uniform.view;
    const z = normal.view;
    for (let i = 0; i < size; i++) {
      const hasLow = Number.isFinite(low[i]);
      const hasHigh = Number.isFinite(high[i]);
      if (hasLow && hasHigh) out[i] = Math.min(low[i] + u[i] * (high[i] - low[i]), high[i]);
      else if (hasLow) out[i] = low[i] + Math.abs(z[i]);
      else if (hasHigh) out[i] = high[i] - Math.abs(z[i]);
      else out[i] = z[i];
    }
    return out;
  };
}
