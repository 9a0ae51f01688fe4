// Adam (Kingma and Ba 2015) over a flat tensor of parameters. Weight decay is PETS's: coefficient × ½‖W‖² in the loss, by
// layer and not on biases; it is not the decoupled decay of AdamW, for which other coefficients are right.

import { checkInteger, checkNumber, checkOptions, wrongValue } from "../check.js";
import { loadTensor, metaField, saveTensor } from "../saved-state.js";
import type { Disposable, SavedState } from "../types.js";
import { type Runtime, type Scope, Tensor } from "../wasm/index.js";
import type { Span } from "./layout.js";

/** Something with parameters that an optimizer may move; an `Ensemble` is one. */
export interface Trainable {
  readonly params: Tensor;
  /** The weights of each layer: what weight decay acts on. */
  readonly weightSpans: readonly Span[];
  /** Called after each step. */
  changed(): void;
}

export interface AdamOptions {
  /** Default 1e-3, as PETS. */
  learningRate?: number | undefined;
  /** Decay rates of the mean gradient and of its square. Default 0.9 and 0.999. */
  beta1?: number | undefined;
  beta2?: number | undefined;
  /** Added to the root of the mean square. Default 1e-8. */
  epsilon?: number | undefined;
  /** Coefficient of ½‖W‖², one for all layers or one for each. Default 0. */
  weightDecay?: number | readonly number[] | undefined;
}

// a piece of the parameters with the number of its weight decay: 0 biases, 1 the first layer's weights, …
interface Segment extends Span {
  readonly decay: number;
}

// numbers before the coefficients of weight decay
const RATES = 6;

export class Adam implements Disposable {
  /** Step size of the next steps. */
  learningRate: number;
  /** Share of it that steps take, of a fit whose rate falls. Default 1; not saved. */
  share = 1;
  /** Running means of the gradient and of its square, laid out as the parameters. */
  readonly m: Tensor;
  readonly v: Tensor;
  readonly #scope: Scope;
  readonly #target: Trainable;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #segments: readonly Segment[];
  // what kernels are told: rates, corrections, then the coefficients of weight decay
  readonly #numbers: Tensor<"f64">;
  #steps = 0;

  /** Made by `createAdam`. */
  constructor(scope: Scope, target: Trainable, options: Required<AdamOptions>) {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = options;
    this.#scope = scope;
    this.#target = target;
    this.learningRate = learningRate as number;
    this.#beta1 = beta1 as number;
    this.#beta2 = beta2 as number;
    this.#epsilon = epsilon as number;
    this.#segments = segments(target);
    const decays = weightDecay as number | readonly number[];
    const coefficients = target.weightSpans.map((_, l) => (typeof decays === "number" ? decays : decays[l]));
    this.#numbers = scope.tensor([RATES + 1 + coefficients.length], "f64");
    this.#numbers.view.set([0, ...coefficients], RATES);
    this.m = scope.tensor([target.params.size]);
    this.v = scope.tensor([target.params.size]);
  }

  /** Steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** Moves the parameters by one step against `gradients`, laid out as they are. */
  step(gradients: Tensor): void {
    const { params } = this.#target;
    if (gradients.size !== params.size) wrongValue("adam.step", "gradients", `${params.size} elements`, gradients.size);
    const numbers = this.begin();
    for (const { offset, length, decay } of this.#segments) {
      this.#scope.runtime.kernels.adam_update(
        numbers.address,
        decay,
        params.address + 4 * offset,
        this.m.address + 4 * offset,
        this.v.address + 4 * offset,
        gradients.address + 4 * offset,
        length,
      );
    }
    this.#target.changed();
  }

  /** Counts a step and returns its numbers, for a kernel that takes it (assembly/nn/adam.ts). @internal */
  begin(): Tensor<"f64"> {
    this.#steps++;
    const correction1 = 1 / (1 - power(this.#beta1, this.#steps));
    const correction2 = 1 / (1 - power(this.#beta2, this.#steps));
    this.#numbers.view.set([
      this.share * this.learningRate,
      this.#beta1,
      this.#beta2,
      this.#epsilon,
      correction1,
      correction2,
    ]);
    return this.#numbers;
  }

  /** Forgets the past: as newly made. */
  reset(): void {
    this.m.view.fill(0);
    this.v.view.fill(0);
    this.#steps = 0;
  }

  /** The complete state, bit for bit. */
  save(): SavedState {
    return {
      meta: { steps: this.#steps, learningRate: this.learningRate },
      arrays: { m: saveTensor(this.m), v: saveTensor(this.v) },
    };
  }

  /** Continues from a saved state. Throws `FormatError`, `TypeError` or `RangeError` when it does not fit. */
  load(state: SavedState): void {
    const steps = checkInteger("adam.load", "steps", metaField(state, "steps"), 0, Number.MAX_SAFE_INTEGER);
    const learningRate = checkNumber("adam.load", "learningRate", metaField(state, "learningRate"), 0);
    loadTensor(this.m, state, "m");
    loadTensor(this.v, state, "v");
    this.#steps = steps;
    this.learningRate = learningRate;
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using adam = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** An optimizer for an ensemble, or for a plain tensor (on which `weightDecay`, one number, acts as a whole). */
export function createAdam(runtime: Runtime, target: Trainable | Tensor, options?: AdamOptions): Adam {
  const op = "createAdam";
  const known = ["learningRate", "beta1", "beta2", "epsilon", "weightDecay"] as const;
  const given = checkOptions(op, options, known);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = given;
  checkNumber(op, "learningRate", learningRate, 0);
  for (const [name, beta] of Object.entries({ beta1, beta2 })) {
    if (checkNumber(op, name, beta, 0, 1) === 1) wrongValue(op, name, "a number below 1", beta);
  }
  checkNumber(op, "epsilon", epsilon, 0);
  const trainable = target instanceof Tensor ? wholeTensor(target) : target;
  const layers = trainable.weightSpans.length;
  const decays = typeof weightDecay === "number" ? [weightDecay] : weightDecay;
  if (typeof weightDecay !== "number" && weightDecay.length !== layers) {
    wrongValue(op, "weightDecay", `a number, or ${layers} of them`, weightDecay);
  }
  for (const decay of decays) checkNumber(op, "weightDecay", decay, 0);
  const complete = { learningRate, beta1, beta2, epsilon, weightDecay };
  return runtime.scoped((scope) => new Adam(scope, trainable, complete));
}

function wholeTensor(params: Tensor): Trainable {
  return { params, weightSpans: [{ offset: 0, length: params.size }], changed: () => {} };
}

// the parameters cut into weights and what lies between them
function segments({ params, weightSpans }: Trainable): Segment[] {
  const pieces: Segment[] = [];
  let at = 0;
  weightSpans.forEach((span, layer) => {
    pieces.push({ offset: at, length: span.offset - at, decay: 0 }, { ...span, decay: layer + 1 });
    at = span.offset + span.length;
  });
  pieces.push({ offset: at, length: params.size - at, decay: 0 });
  return pieces.filter(({ length }) => length > 0);
}

// base^exponent by squaring: `Math.pow` differs between engines
function power(base: number, exponent: number): number {
  let result = 1;
  for (let n = exponent, square = base; n > 0; n = Math.floor(n / 2), square *= square) {
    if (n % 2 === 1) result *= square;
  }
  return result;
}
