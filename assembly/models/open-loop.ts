// The loss of open-loop predictions against what was recorded (Venkatraman et al. 2015; Nagabandi et al. 2018): a step at a
// time, forward with the predictions and backward with their gradients, for
//   L_e = Σ_k Σ_r weight_{k,r} Σ_d ((prediction_{k,r,d} − truth_{k,r,d}) / scale_d)².
// A row has weight 0 from the end of its trajectory on, and is left out by choice, never by a product.

import { copy, get, put } from "../memory";

/**
 * One step of E members with `rows` rows each: adds their shares of the loss to loss [E] f64. Rows of weight 0 go on from the
 * truth, so that a network is never asked about what is far from all data. next, truth [E · rows, D]; weight [E · rows].
 */
export function open_loop_loss(
  loss: usize,
  next: usize,
  truth: usize,
  inverseScale: usize,
  weight: usize,
  E: i32,
  rows: i32,
  D: i32,
): void {
  const width = (<usize>D) << 2;
  for (let e: usize = 0; e < <usize>E; ++e) {
    let total: f64 = 0;
    for (let r = 0; r < rows; ++r) {
      const share = <f64>get<f32>(weight);
      if (share == 0) copy(next, truth, width);
      else {
        let sum: f64 = 0;
        for (let at: usize = 0; at < width; at += 4) {
          const error = <f64>(get<f32>(inverseScale + at) * (get<f32>(next + at) - get<f32>(truth + at)));
          sum += error * error;
        }
        total += share * sum;
      }
      next += width;
      truth += width;
      weight += 4;
    }
    put<f64>(loss + (e << 3), get<f64>(loss + (e << 3)) + total);
  }
}

/** Adds the gradient of the step's share of the loss to dNext [n, D], which becomes 0 in rows of weight 0. */
export function open_loop_gradient(
  dNext: usize,
  next: usize,
  truth: usize,
  inverseScale: usize,
  weight: usize,
  n: i32,
  D: i32,
): void {
  const width = (<usize>D) << 2;
  for (; n > 0; --n) {
    const share = get<f32>(weight);
    for (let at: usize = 0; at < width; at += 4) {
      const scale = get<f32>(inverseScale + at);
      const error = scale * (get<f32>(next + at) - get<f32>(truth + at));
      const sum = get<f32>(dNext + at) + 2 * share * scale * error;
      put<f32>(dNext + at, share == 0 ? 0 : sum);
    }
    dNext += width;
    next += width;
    truth += width;
    weight += 4;
  }
}
