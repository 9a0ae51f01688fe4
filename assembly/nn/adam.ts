// One step of Adam (Kingma and Ba 2015) with weight decay as PETS has it: a term ½·decay·‖w‖² of the loss, which adds
// decay·w to the gradient (not the decoupled decay of AdamW).

import { getupto, putupto } from "../memory";

/**
 * For each of n parameters: g' = g + weightDecay·p;  m += (1 − β1)(g' − m);  v += (1 − β2)(g'² − v);
 * p −= lr · (m·correction1) / (√(v·correction2) + epsilon). The corrections are 1 / (1 − βᵗ), from the host in float64.
 */
export function adam_step(
  params: usize,
  m: usize,
  v: usize,
  g: usize,
  n: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  correction1: f64,
  correction2: f64,
  weightDecay: f64,
): void {
  // differences instead of weighted sums: a constant gradient is a fixed point however the betas are rounded
  const rate1 = f32x4.splat(<f32>(1 - beta1));
  const rate2 = f32x4.splat(<f32>(1 - beta2));
  const step = f32x4.splat(<f32>(lr * correction1));
  const scale2 = f32x4.splat(<f32>correction2);
  const floor = f32x4.splat(<f32>epsilon);
  const decay = f32x4.splat(<f32>weightDecay);
  for (; n > 0; n -= 4) {
    let p = getupto(params, n);
    let first = getupto(m, n);
    let second = getupto(v, n);
    const gradient = f32x4.add(getupto(g, n), f32x4.mul(decay, p));
    first = f32x4.add(first, f32x4.mul(rate1, f32x4.sub(gradient, first)));
    second = f32x4.add(second, f32x4.mul(rate2, f32x4.sub(f32x4.mul(gradient, gradient), second)));
    const denominator = f32x4.add(f32x4.sqrt(f32x4.mul(second, scale2)), floor);
    p = f32x4.sub(p, f32x4.div(f32x4.mul(step, first), denominator));
    putupto(params, p, n);
    putupto(m, first, n);
    putupto(v, second, n);
    params += 16;
    m += 16;
    v += 16;
    g += 16;
  }
}
