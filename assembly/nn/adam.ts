// One step of Adam (Kingma and Ba 2015) with weight decay as PETS has it: a term ½·decay·‖w‖² of the loss, which adds
// decay·w to the gradient (not the decoupled decay of AdamW).
//
// Its numbers, as the host hands them over (f64): learning rate, β1, β2, ε, and the corrections 1 / (1 − βᵗ); then one
// coefficient of weight decay for biases and one for each layer's weights.

import { get, getpart, getv, putpart, putv } from "../memory";

/**
 * For each of n parameters: g' = g + decay·p;  m += (1 − β1)(g' − m);  v += (1 − β2)(g'² − v);
 * p −= lr · (m·correction1) / (√(v·correction2) + ε), with the decay numbered `kind`.
 */
export function adam_update(numbers: usize, kind: i32, params: usize, m: usize, v: usize, g: usize, n: i32): void {
  // differences instead of weighted sums: a constant gradient is a fixed point however the betas are rounded
  const rate1 = f32x4.splat(<f32>(1 - get<f64>(numbers + 8)));
  const rate2 = f32x4.splat(<f32>(1 - get<f64>(numbers + 16)));
  const step = f32x4.splat(<f32>(get<f64>(numbers) * get<f64>(numbers + 32)));
  const scale2 = f32x4.splat(<f32>get<f64>(numbers + 40));
  const floor = f32x4.splat(<f32>get<f64>(numbers + 24));
  const decay = f32x4.splat(<f32>get<f64>(numbers + 48 + ((<usize>kind) << 3)));
  for (; n >= 4; n -= 4) {
    const p = getv(params);
    const gradient = f32x4.add(getv(g), f32x4.mul(decay, p));
    const first = mean(getv(m), gradient, rate1);
    const second = mean(getv(v), f32x4.mul(gradient, gradient), rate2);
    putv(m, first);
    putv(v, second);
    putv(params, moved(p, first, second, step, scale2, floor));
    params += 16;
    m += 16;
    v += 16;
    g += 16;
  }
  if (n <= 0) return;
  const p = getpart(params, n);
  const gradient = f32x4.add(getpart(g, n), f32x4.mul(decay, p));
  const first = mean(getpart(m, n), gradient, rate1);
  const second = mean(getpart(v, n), f32x4.mul(gradient, gradient), rate2);
  putpart(m, first, n);
  putpart(v, second, n);
  putpart(params, moved(p, first, second, step, scale2, floor), n);
}

// @ts-ignore: decorator
@inline
function mean(before: v128, value: v128, rate: v128): v128 {
  return f32x4.add(before, f32x4.mul(rate, f32x4.sub(value, before)));
}

// @ts-ignore: decorator
@inline
function moved(p: v128, first: v128, second: v128, step: v128, scale2: v128, floor: v128): v128 {
  const denominator = f32x4.add(f32x4.sqrt(f32x4.mul(second, scale2)), floor);
  return f32x4.sub(p, f32x4.div(f32x4.mul(step, first), denominator));
}
