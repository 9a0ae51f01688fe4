// Float64 twin of the loss of open-loop predictions, over numbers that remember how they were made.

import type { Mlp } from "./mlp.js";
import { add, cos, type Num, num, scale, shift, sin, square, sub, sum } from "./tape.js";
import { forward } from "./value-gradient.js";

export interface OpenLoopTwin {
  readonly mlp: Mlp;
  /** Pairs (0 copy, 1 sine, 2 cosine, 3 action; source column). */
  readonly table: readonly (readonly [number, number])[];
  readonly mean: ArrayLike<number>;
  readonly inverseStd: ArrayLike<number>;
  /** Of targets, the reward last when it is learned. */
  readonly shift: ArrayLike<number>;
  readonly scale: ArrayLike<number>;
  readonly delta: ArrayLike<number>;
}

export interface Recorded {
  readonly observation: readonly number[];
  readonly action: readonly number[];
  readonly next: readonly number[];
  readonly reward: number;
}

/** Mean over all steps of all windows of the mean over targets of the standardized squared error. */
export function openLoopLoss(
  twin: OpenLoopTwin,
  parameters: readonly Num[],
  windows: readonly (readonly Recorded[])[],
): Num {
  const T = twin.scale.length;
  const errors: Num[] = [];
  for (const window of windows) {
    let state: Num[] = window[0].observation.map(num);
    for (const { action, next, reward } of window) {
      const features = twin.table.map(([op, column], j) => {
        const source = op === 3 ? num(action[column]) : state[column];
        const value = op === 1 ? sin(source) : op === 2 ? cos(source) : source;
        return scale(shift(value, -twin.mean[j]), twin.inverseStd[j]);
      });
      const output = forward(twin.mlp, parameters, features);
      const target = output.slice(0, T).map((value, i) => shift(scale(value, twin.scale[i]), twin.shift[i]));
      const before = state;
      state = before.map((value, d) => add(scale(value, twin.delta[d]), target[d]));
      const truth = T > next.length ? [...next, reward] : next;
      const predicted = T > next.length ? [...state, target[next.length]] : state;
      errors.push(...predicted.map((value, i) => square(scale(sub(value, num(truth[i])), 1 / twin.scale[i]))));
    }
  }
  return scale(sum(errors), 1 / errors.length);
}
