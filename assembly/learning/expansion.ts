// Value expansion (Feinberg et al. 2018; Buckman et al. 2018): from where a real transition led, s' = ŝ_0, each member e of an
// ensemble carries the target policy H steps on. With the reward r and the end d of the real transition, R_i and p_i the reward
// of the step to ŝ_i and the probability to go on there, c_0 = 1 − d, c_i = c_{i−1} p_i:
//   T_h(e, k) = r + Σ_{i=1..h} γ^i c_{i−1} R_i + γ^{h+1} c_h Q_k(ŝ_h, π(ŝ_h)),   h = 0 … H.
// What is not reached (c = 0) is left out by choice, never by a product. A member whose prediction is no number keeps its last
// target for the longer horizons.
//
// Arguments of the region (32-bit words, written by src/learning/expansion.ts in this order):
//    0 –  4  model, policy, rows B, blocks of a member, horizon H
//    5 –  8  start states [B, D], start actions [B, A], smallest and largest state that is predicted [D]
//    9 – 13  states, actions [H, E, B, D or A], rewards, probabilities to go on, 1 where finite [H, E, B]
//   14 – 15  tasks of the reward and of the termination (0: none)
//   16 – 18  memory for blocks, bytes of it for one thread, floats of it before what a step takes

import { task_reward, task_terminated } from "../envs/tasks";
import { copy, get, put } from "../memory";
import { imagine_settle } from "../models/imagine";
import { action_size, member_count, model_step, observation_size, Together } from "../models/model";
import { address, bytes, word } from "../nn/network";
import { block_start } from "../nn/predict";
import { policy_step } from "../policies/policy";

/** Task `member · blocks + block`: all steps of the block's rows. */
export function expand_task(args: usize, task: i32, thread: i32): void {
  const model = address(args, 0);
  const B = word(args, 2);
  const blocks = word(args, 3);
  const D = observation_size(model);
  const A = action_size(model);
  const E = member_count(model);
  const member = task / blocks;
  const first = block_start(task % blocks, blocks, B);
  const rows = block_start((task % blocks) + 1, blocks, B) - first;
  const ended = address(args, 16) + <usize>thread * <usize>word(args, 17);
  const scratch = ended + bytes(word(args, 18), 1);
  let state = address(args, 5) + bytes(first, D);
  let action = address(args, 6) + bytes(first, A);
  for (let h = 0; h < word(args, 4); ++h) {
    const row = (h * E + member) * B + first;
    const next = address(args, 9) + bytes(row, D);
    const reward = address(args, 11) + bytes(row, 1);
    const goes = address(args, 12) + bytes(row, 1);
    const finite = address(args, 13) + bytes(row, 1);
    model_step(model, member, 1, Together.mean, next, reward, state, action, 0, rows, scratch);
    imagine_settle(next, finite, ended, state, 0, address(args, 7), address(args, 8), rows, D);
    task_reward(word(args, 14), reward, state, action, next, rows);
    task_terminated(word(args, 15), ended, next, rows);
    for (let r: usize = 0; r < <usize>rows; ++r) put<f32>(goes + (r << 2), get<u8>(ended + r) ? 0 : 1);
    state = next;
    action = address(args, 10) + bytes(row, A);
    policy_step(address(args, 1), action, 0, 0, state, 0, rows, scratch);
  }
}

/** How the targets of the horizons become one; src/learning/expansion.ts has the same numbers. */
namespace Rule {
  export const last: i32 = 0;
  export const mean: i32 = 1;
  export const lambda: i32 = 2;
  export const min: i32 = 3;
}
/** Added to variances, as STEVE has it. */
const FLOOR: f64 = 1e-8;

// @ts-ignore: decorator
@inline
function number(table: usize, index: i32): f64 {
  return <f64>get<f32>(table + bytes(index, 1));
}

// @ts-ignore: decorator
@inline
function clipped(value: f64, low: f64, high: f64): f64 {
  // a NaN stays one
  return value < low ? low : value > high ? high : value;
}

// T_h(e, k) of row b of one member, to targets [H + 1, E, K] f64
function candidates(
  targets: usize,
  first: f64,
  reached: f64,
  value0: usize,
  reward: usize,
  goes: usize,
  finite: usize,
  value: usize,
  H: i32,
  E: i32,
  K: i32,
  B: i32,
  e: i32,
  b: i32,
  gamma: f64,
  low: f64,
  high: f64,
): void {
  let sum = first;
  let discount = gamma;
  let sound = true;
  for (let h = 0; h <= H; ++h) {
    const row = ((h - 1) * E + e) * B + b;
    if (h > 0) {
      sound = sound && number(finite, row) != 0;
      if (sound) {
        if (reached != 0) sum += discount * reached * number(reward, row);
        const on = number(goes, row);
        reached = on != 0 ? reached * on : 0;
        discount *= gamma;
      }
    }
    for (let k = 0; k < K; ++k) {
      const to = targets + ((<usize>((h * E + e) * K + k)) << 3);
      if (!sound) put<f64>(to, get<f64>(to - ((<usize>(E * K)) << 3)));
      else {
        const ahead = h == 0 ? number(value0, k * B + b) : number(value, k * H * E * B + row);
        put<f64>(to, clipped(reached != 0 ? sum + discount * reached * ahead : sum, low, high));
      }
    }
  }
}

/**
 * out [B] = β · (the rule's mixture of T_0 … T_H) + (1 − β) · T_0. An estimate of a horizon is the mean over E members of the
 * mean over K critics, or where `least` is 1 of the least of them; the rules are
 *   last    T_H                                  mean    the mean of all
 *   lambda  Σ_{h<H} (1 − λ) λ^h T_h + λ^H T_H    min     the least
 *   steve   Σ w_h T_h, w_h ∝ 1 / (Var T_h + 1e-8), mean and variance over members and critics.
 * reward0 and terminated0 (bytes) [B] of the real transitions; value0 [K, B]; reward, goes, finite [H, E, B]; value [K, H, E, B].
 * estimates [H + 1, B] (0: not wanted); shares [H + 1] f64 gets the mean weight of each horizon. scratch: (H + 1)(E · K + 2) f64.
 * Candidates are clipped to [low, high].
 */
export function expansion_targets(
  out: usize,
  estimates: usize,
  shares: usize,
  reward0: usize,
  terminated0: usize,
  value0: usize,
  reward: usize,
  goes: usize,
  finite: usize,
  value: usize,
  scratch: usize,
  H: i32,
  E: i32,
  K: i32,
  B: i32,
  rule: i32,
  least: i32,
  gamma: f64,
  lambda: f64,
  beta: f64,
  low: f64,
  high: f64,
): void {
  const EK = E * K;
  const estimate = scratch + ((<usize>((H + 1) * EK)) << 3);
  const weight = estimate + ((<usize>(H + 1)) << 3);
  for (let h: usize = 0; h <= <usize>H; ++h) put<f64>(shares + (h << 3), 0);
  for (let b = 0; b < B; ++b) {
    const reached: f64 = get<u8>(terminated0 + <usize>b) ? 0 : 1;
    const first = number(reward0, b);
    for (let e = 0; e < E; ++e) {
      candidates(scratch, first, reached, value0, reward, goes, finite, value, H, E, K, B, e, b, gamma, low, high);
    }
    for (let h = 0; h <= H; ++h) {
      const own = scratch + ((<usize>(h * EK)) << 3);
      const at = (<usize>h) << 3;
      put<f64>(estimate + at, least ? least_critics(own, E, K) : mean_of(own, EK));
      if (estimates) put<f32>(estimates + bytes(h * B + b, 1), <f32>get<f64>(estimate + at));
      put<f64>(weight + at, rule > Rule.min ? 1 / (variance_of(own, EK) + FLOOR) : 0);
    }
    weigh(weight, estimate, rule, H, lambda);
    let target: f64 = 0;
    for (let h: usize = 0; h <= <usize>H; ++h) {
      const w = get<f64>(weight + (h << 3));
      // by choice: a weight of 0 takes nothing of a number that may be none
      if (w != 0) target += w * get<f64>(estimate + (h << 3));
      put<f64>(shares + (h << 3), get<f64>(shares + (h << 3)) + w / <f64>B);
    }
    if (beta != 1) target = beta * target + (1 - beta) * get<f64>(estimate);
    put<f32>(out + bytes(b, 1), <f32>target);
  }
}

// weights of the horizons 0 … H, that sum to 1; for STEVE made of the inverse variances that lie there
function weigh(weight: usize, estimate: usize, rule: i32, H: i32, lambda: f64): void {
  const end = weight + ((<usize>H) << 3);
  if (rule > Rule.min) {
    let sum: f64 = 0;
    for (let at = weight; at <= end; at += 8) sum += get<f64>(at);
    for (let at = weight; at <= end; at += 8) put<f64>(at, get<f64>(at) / sum);
    return;
  }
  let chosen = end;
  if (rule == Rule.min) {
    const shift = estimate - weight;
    chosen = weight;
    for (let at = weight + 8; at <= end; at += 8) {
      const least = get<f64>(chosen + shift);
      // the first NaN stays
      if (least == least && !(get<f64>(at + shift) >= least)) chosen = at;
    }
  }
  let power: f64 = 1;
  for (let at = weight; at <= end; at += 8) {
    let w: f64 = at == chosen ? 1 : 0;
    if (rule == Rule.mean) w = 1 / <f64>(H + 1);
    if (rule == Rule.lambda) w = at == end ? power : (1 - lambda) * power;
    put<f64>(at, w);
    power *= lambda;
  }
}

function mean_of(x: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < <usize>n; ++i) sum += get<f64>(x + (i << 3));
  return sum / <f64>n;
}

function variance_of(x: usize, n: i32): f64 {
  const mean = mean_of(x, n);
  let sum: f64 = 0;
  for (let i: usize = 0; i < <usize>n; ++i) {
    const difference = get<f64>(x + (i << 3)) - mean;
    sum += difference * difference;
  }
  return sum / <f64>n;
}

// mean over members of the least over critics
function least_critics(x: usize, E: i32, K: i32): f64 {
  let sum: f64 = 0;
  for (let e = 0; e < E; ++e) {
    sum += least_of(x, K);
    x += (<usize>K) << 3;
  }
  return sum / <f64>E;
}

// NaN if one of them is: the instruction passes it on
function least_of(x: usize, n: i32): f64 {
  let least = get<f64>(x);
  for (let i: usize = 1; i < <usize>n; ++i) least = min<f64>(least, get<f64>(x + (i << 3)));
  return least;
}

/**
 * The TD-k trick (Feinberg et al. 2018): the critic also learns at the imagined states, of horizon h = 0 … H − 1, from
 *   V_h = R_{h+1} + γ p_{h+1} V_{h+1},  V_H = Q(ŝ_H, π(ŝ_H)),
 * where row b follows member b mod E. observation [H, B, D] and action [H, B, A] are ŝ_h and π(ŝ_h); target [H, B] clipped to
 * [low, high]; weight [H, B] the probability c_h to get there, 0 where the next prediction is no number. The other arguments
 * are those of the region and of `expansion_targets`; `least` takes the least of the critics, else their mean.
 */
export function expansion_rows(
  observation: usize,
  action: usize,
  target: usize,
  weight: usize,
  start: usize,
  startAction: usize,
  states: usize,
  actions: usize,
  terminated0: usize,
  reward: usize,
  goes: usize,
  finite: usize,
  value: usize,
  H: i32,
  E: i32,
  K: i32,
  B: i32,
  D: i32,
  A: i32,
  least: i32,
  gamma: f64,
  low: f64,
  high: f64,
): void {
  for (let b = 0; b < B; ++b) {
    const e = b % E;
    let reached: f64 = get<u8>(terminated0 + <usize>b) ? 0 : 1;
    // of a row after the other, on the way to where the member's predictions end
    let end = 0;
    for (let h = 0; h < H; ++h) {
      const before = ((h - 1) * E + e) * B + b;
      const after = (h * E + e) * B + b;
      const to = h * B + b;
      const from = h == 0 ? start + bytes(b, D) : states + bytes(before, D);
      const by = h == 0 ? startAction + bytes(b, A) : actions + bytes(before, A);
      copy(observation + bytes(to, D), from, bytes(1, D));
      copy(action + bytes(to, A), by, bytes(1, A));
      if (end == h && number(finite, after) != 0) end = h + 1;
      put<f32>(weight + bytes(to, 1), end > h ? <f32>reached : 0);
      put<f32>(target + bytes(to, 1), 0);
      if (end > h) {
        const on = number(goes, after);
        reached = on != 0 ? reached * on : 0;
      }
    }
    if (end == 0) continue;
    let ahead = critic(value, H, E, K, B, (end - 1) * E * B + e * B + b, least);
    for (let h = end - 1; h >= 0; --h) {
      const after = (h * E + e) * B + b;
      const on = number(goes, after);
      const now = number(reward, after);
      ahead = clipped(on != 0 ? now + gamma * on * ahead : now, low, high);
      put<f32>(target + bytes(h * B + b, 1), <f32>ahead);
    }
  }
}

// of one imagined state: mean or least over the critics' values [K, H, E, B]
function critic(value: usize, H: i32, E: i32, K: i32, B: i32, row: i32, least: i32): f64 {
  let sum: f64 = 0;
  let smallest = number(value, row);
  for (let k = 0; k < K; ++k) {
    const own = number(value, k * H * E * B + row);
    sum += own;
    smallest = min<f64>(smallest, own);
  }
  return least ? smallest : sum / <f64>K;
}
