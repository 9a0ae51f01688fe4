// One number per action sequence out of what the members (or particles) of an ensemble say it returns.

import { get, put } from "../memory";

/**
 * out [N] f32 = mean + k · std over M members (population std, in f64). The return of sequence n according to member m lies
 * at returns[n · strideN + m · strideM] (f32, strides in elements). k < 0 is pessimistic, k > 0 optimistic. A member that is
 * not finite makes the result not finite, and such a sequence is never selected.
 */
export function returns_objective(
  out: usize,
  returns: usize,
  strideN: usize,
  strideM: usize,
  N: usize,
  M: usize,
  k: f64,
): void {
  const step = strideM << 2;
  for (let n: usize = 0; n < N; n++) {
    const first = returns + ((n * strideN) << 2);
    let mean: f64 = 0;
    for (let m: usize = 0; m < M; m++) mean += <f64>get<f32>(first + m * step);
    mean /= <f64>M;
    let squares: f64 = 0;
    for (let m: usize = 0; m < M; m++) {
      const off = <f64>get<f32>(first + m * step) - mean;
      squares += off * off;
    }
    put<f32>(out + (n << 2), <f32>(mean + k * Math.sqrt(squares / <f64>M)));
  }
}
