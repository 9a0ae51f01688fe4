// Normal noise on actions, in units of half their range: to explore, and to smooth a target.

import type { RandomStream } from "../kernels/index.js";
import { actionRanges, type Policy } from "../policies/index.js";
import type { Scope, Tensor } from "../wasm/index.js";

export class ActionNoise {
  readonly #scope: Scope;
  readonly #actionSize: number;
  readonly #low: Tensor;
  readonly #high: Tensor;
  readonly #half: Tensor;
  // standard normals
  readonly #noise: Tensor;

  /** For batches of `rows` actions of `policy`, in memory of `scope`. */
  constructor(scope: Scope, { actionSpace, actionSize }: Policy, rows: number) {
    const [low, high, , half] = actionRanges(actionSpace).map((values) => scope.tensor([values.length]).write(values));
    this.#scope = scope;
    this.#actionSize = actionSize;
    this.#low = low;
    this.#high = high;
    this.#half = half;
    this.#noise = scope.tensor([rows, actionSize]);
  }

  /** action [rows, A] += half · clip(σ ε, ±limit), ε standard normal; what leaves the action's range is clipped to it. */
  add(action: Tensor, rows: number, random: RandomStream, sigma: number, limit = Infinity): void {
    random.normal(this.#noise);
    this.#scope.runtime.kernels.action_noise(
      action.address,
      this.#noise.address,
      this.#half.address,
      this.#low.address,
      this.#high.address,
      sigma,
      limit,
      rows,
      this.#actionSize,
    );
  }
}
