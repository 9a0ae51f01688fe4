// Losses over the outputs of an ensemble, one per member, with gradients: squared error, and the Gaussian likelihood of a
// head [mean D | raw log-variance D] whose log-variance is held between soft bounds (Chua et al. 2018, appendix A.1).

import { checkInteger, checkNumber, checkOptions, wrongValue } from "../check.js";
import type { DType } from "../types.js";
import type { Runtime, Tensor } from "../wasm/index.js";

/** Rows whose losses are summed up together, as in assembly/nn/losses.ts. @internal */
export const LOSS_ROWS = 64;

/** What a loss reads. Only the first rows of larger tensors count, packed: row r of member e is number e · rows + r. */
export interface LossInputs {
  /** Outputs of the members [E, rows, stride]. */
  readonly output: Tensor;
  /** Targets [E, rows, D], or [rows, D] for all members. */
  readonly target: Tensor;
  readonly rows: number;
}

export interface LossOutputs {
  /** Loss of each member [E]: the mean over rows and dimensions. */
  readonly loss: Tensor<"f64">;
  /** Gradient of each member's loss with respect to `output`, of its shape; columns that the loss does not read are kept. */
  readonly outputGradient?: Tensor | undefined;
}

/** Squared error: mean of (output − y)² over the first D columns. */
export function meanSquaredError(runtime: Runtime, outputs: LossOutputs, inputs: LossInputs): void {
  const { loss, outputGradient } = outputs;
  const { output, target, rows } = inputs;
  const { members, D, stride, targetStride } = checkLoss("meanSquaredError", outputs, inputs, 1);
  const blocks = Math.ceil(rows / LOSS_ROWS);
  withPartials(runtime, [members, blocks, 1], (partials) => {
    runtime.kernels.mse(
      partials,
      outputGradient?.address ?? 0,
      output.address,
      target.address,
      members,
      rows,
      D,
      stride,
      targetStride,
    );
    runtime.kernels.loss_reduce(loss.address, 0, partials, 1 / (rows * D), members, blocks, 0);
  });
}

// memory for sums by blocks, for the length of a call
function withPartials(runtime: Runtime, shape: readonly number[], use: (partials: number) => void): void {
  const partials = runtime.tensor(shape, "f64");
  try {
    use(partials.address);
  } finally {
    partials.dispose();
  }
}

/** `penalty`: weight of Σmax − Σmin in the total loss, which keeps the bounds close. Default 0.01, as PETS. */
export interface GaussianOptions {
  penalty?: number | undefined;
}

/**
 * Negative log-likelihood as PETS has it: mean of (μ − y)² e^−lv + lv, without ½ and constant. Columns 0 … D − 1 of the
 * output are μ, D … 2D − 1 raw log-variances r, and
 *   lv = min + softplus(t − min),  t = max − softplus(max − r),  with `bounds` [2, D] = max, then min.
 * `boundsGradient` [2, D] gets the gradient of the sum of the losses plus `penalty` · (Σmax − Σmin); the losses themselves
 * leave the penalty out.
 */
export function gaussianNll(
  runtime: Runtime,
  outputs: LossOutputs & { readonly boundsGradient?: Tensor | undefined },
  inputs: LossInputs & { readonly bounds: Tensor },
  options?: GaussianOptions,
): void {
  const op = "gaussianNll";
  const { penalty = 0.01 } = checkOptions(op, options, ["penalty"]);
  checkNumber(op, "penalty", penalty, 0);
  const { loss, outputGradient, boundsGradient } = outputs;
  const { output, target, rows, bounds } = inputs;
  const { members, D, stride, targetStride } = checkLoss(op, outputs, inputs, 2);
  checkSize(op, "bounds", bounds, 2 * D);
  if (boundsGradient) {
    checkSize(op, "boundsGradient", boundsGradient, 2 * D);
    if (!outputGradient) wrongValue(op, "outputGradient", "a tensor, where the bounds' gradient is wanted", undefined);
    boundsGradient.view.fill(penalty, 0, D).fill(-penalty, D);
  }
  const blocks = Math.ceil(rows / LOSS_ROWS);
  withPartials(runtime, [members, blocks, 1 + 2 * D], (partials) => {
    runtime.kernels.gaussian_nll(
      partials,
      outputGradient?.address ?? 0,
      output.address,
      target.address,
      bounds.address,
      members,
      rows,
      D,
      stride,
      targetStride,
    );
    const extras = boundsGradient?.address ?? 0;
    runtime.kernels.loss_reduce(loss.address, extras, partials, 1 / (rows * D), members, blocks, 2 * D);
  });
}

/** Where the bounds on the log-variance start. Default 0.5 and −10, as PETS. */
export interface BoundsOptions {
  max?: number | undefined;
  min?: number | undefined;
}

/** A tensor [2, D] of bounds, max then min, to be disposed of by the caller. */
export function logVarianceBounds(runtime: Runtime, D: number, options?: BoundsOptions): Tensor {
  const op = "logVarianceBounds";
  const { max = 0.5, min = -10 } = checkOptions(op, options, ["max", "min"]);
  checkInteger(op, "D", D, 1);
  checkNumber(op, "max", max);
  checkNumber(op, "min", min, -Infinity, max);
  const bounds = runtime.tensor([2, D]);
  bounds.view.fill(max, 0, D).fill(min, D);
  return bounds;
}

function checkLoss(op: string, outputs: LossOutputs, inputs: LossInputs, columns: number) {
  const { loss, outputGradient } = outputs;
  const { output, target, rows } = inputs;
  checkInteger(op, "rows", rows, 1);
  if ((loss.dtype as DType) !== "f64") wrongValue(op, "loss", "a tensor of f64", loss.dtype);
  const members = loss.size;
  const D = target.shape[target.shape.length - 1];
  const stride = output.shape[output.shape.length - 1];
  const shared = target.shape.length === 2;
  checkSize(op, "target", target, (shared ? 1 : members) * rows * D);
  checkSize(op, "output", output, members * rows * stride);
  if (stride < columns * D) wrongValue(op, "output", `at least ${columns * D} columns`, stride);
  if (outputGradient) {
    checkSize(op, "outputGradient", outputGradient, members * rows * stride);
    const gradientStride = outputGradient.shape[outputGradient.shape.length - 1];
    if (gradientStride !== stride) wrongValue(op, "outputGradient", `${stride} columns`, gradientStride);
  }
  return { members, D, stride, targetStride: shared ? 0 : rows * D };
}

function checkSize(op: string, name: string, tensor: Tensor, size: number): void {
  if ((tensor.dtype as DType) !== "f32" || tensor.size < size) {
    wrongValue(op, name, `at least ${size} elements of f32`, `${tensor.size} of ${tensor.dtype}`);
  }
}
