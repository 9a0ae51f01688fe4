// Conjugate gradients (Hestenes and Stiefel 1952) for A x = b with A symmetric and positive definite, known by its products
// alone. Vectors are float32, dot products float64. The residual of the recursion hides a breakdown: in the end the true one
// is measured, and it is what is reported.

import type { Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { combine, dot } from "./vectors.js";

/** Vectors of one length for `conjugateGradientSteps`. */
export interface CgMemory {
  /** The solution. */
  readonly x: Tensor;
  readonly r: Tensor;
  readonly p: Tensor;
  /** A·x at the end. */
  readonly z: Tensor;
}

export interface CgReport {
  readonly iterations: number;
  /** ‖b − A x‖ / ‖b‖, from a product of its own. */
  readonly residual: number;
  /** xᵀ A x. */
  readonly curvature: number;
  /** Why it stopped; `not positive`: a direction with pᵀ A p ≤ 1e-8 pᵀ p or not finite, before which x was left. */
  readonly reason: "residual" | "iterations" | "not positive";
}

const SMALLEST_CURVATURE = 1e-8;

/** Vectors of `size` floats. */
export function cgMemory(scope: Scope, size: number): CgMemory {
  const vector = (): Tensor => scope.tensor([size]);
  return { x: vector(), r: vector(), p: vector(), z: vector() };
}

/**
 * Solves for `memory.x` from 0: at most `iterations` products, fewer once ‖r‖² ≤ `tolerance`·‖b‖². `product(out, v)` writes
 * A·v. Yields after each product.
 */
export function* conjugateGradientSteps(
  runtime: Runtime,
  product: (out: Tensor, v: Tensor) => void,
  b: Tensor,
  { x, r, p, z }: CgMemory,
  { iterations, tolerance }: { iterations: number; tolerance: number },
): Steps<CgReport> {
  const bb = dot(runtime, b, b);
  x.view.fill(0);
  r.view.set(b.view);
  p.view.set(b.view);
  let rr = bb;
  let done = 0;
  let reason: CgReport["reason"] = "iterations";
  while (done < iterations) {
    if (rr <= tolerance * bb) {
      reason = "residual";
      break;
    }
    product(z, p);
    yield;
    const curvature = dot(runtime, p, z);
    // written so that a NaN stops it too
    if (!(curvature > SMALLEST_CURVATURE * dot(runtime, p, p) && curvature < Infinity)) {
      reason = "not positive";
      break;
    }
    const alpha = rr / curvature;
    combine(runtime, x, 1, x, alpha, p);
    combine(runtime, r, 1, r, -alpha, z);
    const next = dot(runtime, r, r);
    combine(runtime, p, 1, r, next / rr, p);
    rr = next;
    done++;
  }
  product(z, x);
  yield;
  combine(runtime, r, 1, b, -1, z);
  const residual = bb > 0 ? Math.sqrt(dot(runtime, r, r) / bb) : 0;
  return { iterations: done, residual, curvature: dot(runtime, x, z), reason };
}
