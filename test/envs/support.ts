// What the tests of environments share: bits of arrays, actions, and a small environment in plain TypeScript that every
// test may break in its own way.
import { box, discrete, EpisodeError } from "../../src/envs/index.js";
import type { Env, NumericInput, SavedState, Space, TypedArrays } from "../../src/types.js";

/** The bits of an array, for comparison. */
export function bits(array: TypedArrays[keyof TypedArrays]): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex");
}

/** Repeatable numbers in (low, high). */
export function spread(count: number, low: number, high: number, phase = 0.37): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => low + (high - low) * ((phase + (i + 1) * 0.6180339887498949) % 1),
  );
}

/** A walk on a line: state += action, reward −|state|; ends beyond ±3. The start depends on the seed. */
export function makeWalk(actionSpace: Space = box([-1], [1])): Env & { state: number; draws: number } {
  let running = false;
  let elapsed = 0;
  return {
    state: 0,
    draws: 0,
    spec: { id: "Walk", maxEpisodeSteps: 30, timeStep: 0.1 },
    observationSpace: box([-5], [5]),
    actionSpace,
    reset(options) {
      if (options?.seed !== undefined) this.draws = options.seed;
      this.state = (((this.draws++ * 7) % 11) - 5) / 10;
      running = true;
      elapsed = 0;
      return { observation: Float32Array.of(this.state), info: {} };
    },
    step(action) {
      if (!running) throw new EpisodeError("walk.step: call reset() first");
      this.state += readStep(actionSpace, action);
      const terminated = Math.abs(this.state) > 3;
      const truncated = ++elapsed >= this.spec.maxEpisodeSteps;
      running = !terminated && !truncated;
      return {
        observation: Float32Array.of(this.state),
        reward: -Math.abs(this.state),
        terminated,
        truncated,
        info: {},
      };
    },
    snapshot(): SavedState {
      const data = Float64Array.of(this.state, this.draws);
      return { meta: { running, elapsed }, arrays: { walk: { dtype: "f64", shape: [2], data } } };
    },
    restore({ meta, arrays }) {
      [this.state, this.draws] = arrays.walk.data;
      ({ running, elapsed } = meta as { running: boolean; elapsed: number });
    },
    close() {},
  };
}

/** The same with the actions 10, 11, 12 for −1, 0, 1. */
export function makeDiscreteWalk() {
  return makeWalk(discrete(3, 10));
}

function readStep(space: Space, action: NumericInput | number): number {
  if (space.kind === "discrete") {
    const index = (action as number) - space.start;
    if (!Number.isInteger(index) || index < 0 || index >= space.n) throw new RangeError("walk.step: no such action");
    return index - 1;
  }
  const values = action as Float32Array;
  if (values.length !== 1 || !Number.isFinite(values[0])) throw new RangeError("walk.step: bad action");
  return values[0];
}
