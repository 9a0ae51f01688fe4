// From a policy's own action u to the environment's:
//   gaussian                  clip(center + half · u, low, high)
//   squashed, deterministic   clip(center + half · tanh(u), low, high)
// and the logarithm of the derivative of tanh, in the form that stays exact where tanh is 1 to all digits:
//   log(1 − tanh² u) = 2 (ln 2 − u − softplus(−2u)).

import { exp_f64, log_f64 } from "../math/scalar";
import { at, center_of, half_of, high_of, Kind, low_of } from "./table";

const LN2: f64 = 0.6931471805599453;

// tanh without cancellation for large |u|; near 0 its absolute error is that of 1
// @ts-ignore: decorator
@inline
function tanh_of(u: f64): f64 {
  const e = exp_f64(-2 * Math.abs(u));
  const t = (1 - e) / (1 + e);
  return u < 0 ? -t : t;
}

// before it is clipped: to the bounds that a gaussian policy goes beyond, and that rounding goes beyond
// @ts-ignore: decorator
@inline
function unclipped(policy: usize, kind: i32, a: i32, u: f64): f64 {
  return at(center_of(policy), a) + at(half_of(policy), a) * (kind == Kind.gaussian ? u : tanh_of(u));
}

/** Element `a` of the environment's action: always within its bounds. */
export function env_action(policy: usize, kind: i32, a: i32, u: f64): f64 {
  return max<f64>(at(low_of(policy), a), min<f64>(at(high_of(policy), a), unclipped(policy, kind, a, u)));
}

/** Its derivative with respect to u: 0 where it is clipped. */
export function env_action_slope(policy: usize, kind: i32, a: i32, u: f64): f64 {
  const value = unclipped(policy, kind, a, u);
  if (value < at(low_of(policy), a) || value > at(high_of(policy), a)) return 0;
  const half = at(half_of(policy), a);
  if (kind == Kind.gaussian) return half;
  // 1 − tanh² = 4 e / (1 + e)², e = e^(−2|u|)
  const e = exp_f64(-2 * Math.abs(u));
  return (half * 4 * e) / ((1 + e) * (1 + e));
}

/** log(1 − tanh² u). */
export function log_tanh_slope(u: f64): f64 {
  const x = -2 * u;
  const softplus = max<f64>(x, 0) + log_f64(1 + exp_f64(-Math.abs(x)));
  return 2 * (LN2 - u - softplus);
}
