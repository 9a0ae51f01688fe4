// From the output of a value network to values.

import { get, put } from "../memory";

/** out [rows] = mean + std · column 0 of output [rows, stride], in float64. */
export function value_output(out: usize, output: usize, mean: f64, std: f64, rows: i32, stride: i32): void {
  for (; rows > 0; --rows) {
    put<f32>(out, <f32>(mean + std * <f64>get<f32>(output)));
    out += 4;
    output += (<usize>stride) << 2;
  }
}
