// A check of the kernels against known results at every start: an engine that miscompiles SIMD, a damaged binary, or one
// of other numerics than asked for is found before anything is learned with it. Takes about a millisecond.
//
// The numbers below are what the kernels gave when they agreed with their float64 twins (test/wasm/selftest.test.ts holds
// them to that).

import { CorruptionError } from "../check.js";
import type { Kernels } from "./kernels.gen.js";
import type { Runtime } from "./runtime.js";

interface SelfTestCase {
  readonly kernel: keyof Kernels;
  /** Written to the input tensor before the call. */
  readonly input: readonly number[];
  /** What the first elements of the output tensor, zero before the call, must then be. */
  readonly expected: readonly number[];
  /** Written to a tensor of f64 before the call. */
  readonly numbers?: readonly number[];
  call(kernels: Kernels, out: number, input: number, numbers: number): void;
}

const anywhere = [-9, -2.5, -1, -0.25, 0, 0.5, 1, 3.25, 7, -0.375, -1.75];
// one beyond 8192, where another reduction begins
const angles = [-9, -2.5, 5e5, -0.25, 0, 0.5, 1, 3.25, 7, 2, 0.375];
const positive = [0.001, 0.25, 0.5, 1, 1.5, 2.75, 10, 300, 1e6, 1e-40, 0.8125];

type Elementwise =
  "exp_f32" | "log_f32" | "tanh_f32" | "sigmoid_f32" | "softplus_f32" | "swish_f32" | "sin_f32" | "cos_f32";

// the inputs and five zeros together, then the inputs alone, as two vectors and a remainder
function elementwise(kernel: Elementwise, input: readonly number[], expected: readonly number[]): SelfTestCase {
  return {
    kernel,
    input,
    expected: [...expected, ...expected],
    call(kernels, out, x) {
      kernels[kernel](out, x, 16);
      kernels[kernel](out + 4 * expected.length, x, expected.length);
    },
  };
}

type Random = "random_uniform" | "random_normal" | "random_truncated_normal";

// the 32 elements of a fill, which are made together, then elements 16 … 24 again, made eight at a time
function random(kernel: Random, fill: readonly number[]): SelfTestCase {
  return {
    kernel,
    input: [],
    expected: [...fill, ...fill.slice(16, 25)],
    call(kernels, out) {
      kernels[kernel](out, 32, 0, 1, 2, 3, 4, 5);
      kernels[kernel](out + 128, 9, 16, 1, 2, 3, 4, 5);
    },
  };
}

// two rows of eight, then one number six times
const matrices = [
  0.5, -1.25, 2, -0.75, 1.5, 0.25, -2, 1, 0.3, -0.6, 0.9, 1.2, -1.5, 0.8, -0.4, 1.1, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7,
];

// (sine, 0), (cosine, 0): the integer n is the f32 with the bits n
const featureTable = [1, 0, 2, 0].map((n) => n * 2 ** -149);

// (copy, 0), … (copy, 4)
const copyTable = [0, 0, 0, 1, 0, 2, 0, 3, 0, 4].map((n) => n * 2 ** -149);

type Rows = 1 | 2 | 3 | 4 | 5 | 6;
const tileRows: readonly Rows[] = [1, 2, 3, 4, 5, 6];

// start + a · b in f32
function productOf(count: number, start: (i: number) => number, a: number, b: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(start(i) + Math.fround(a * Math.fround(b(i)))));
}

// every tile on one product per element; all rows of a tile are given the same numbers, so that each must give the same
function tiles(): SelfTestCase[] {
  const given = (i: number) => Math.fround(matrices[i] ?? 0);
  const factor = given(4);
  const cases: SelfTestCase[] = [];
  const repeated = (rows: number, row: readonly number[]) => Array.from({ length: rows }, () => row).flat();
  const nn = (rows: number, columns: number, call: SelfTestCase["call"], kernel: keyof Kernels): void => {
    const expected = repeated(
      rows,
      productOf(columns, (i) => given(i + 1), factor, given),
    );
    cases.push({ kernel, input: matrices, expected, call });
  };
  for (const rows of tileRows) {
    for (const columns of [8, 16] as const) {
      const name = `gemm_nn_tile_${rows}x${columns}` as const;
      nn(rows, columns, (kernels, out, x) => kernels[name](out, 4 * columns, x + 4, 0, x + 16, 0, x, 1), name);
      const transposed = `gemm_tn_tile_${rows}x${columns}` as const;
      // the second panel comes after the first one's rows; a holds one row, of equal numbers from 16 on
      const panel = (p: number) =>
        repeated(
          rows,
          productOf(
            8,
            () => 0,
            given(16),
            (i) => given(i + 8 * p),
          ),
        );
      cases.push({
        kernel: transposed,
        input: matrices,
        expected: columns === 8 ? panel(0) : [...panel(0), ...panel(1)],
        call: (kernels, out, x) => kernels[transposed](out, 32 * rows, x + 64, 0, x, 0, 1),
      });
    }
    const edge = `gemm_nn_edge_${rows}` as const;
    nn(rows, 7, (kernels, out, x) => kernels[edge](out, 28, x + 4, 0, x + 16, 0, x, 1, 7), edge);
  }
  nn(1, 32, (kernels, out, x) => kernels.gemm_nn_tile_1x32(out, 128, x + 4, 0, x + 16, 0, x, 1), "gemm_nn_tile_1x32");
  return cases;
}

// activations of eight numbers, and their derivatives as factors of something
function activation(kind: number, expected: readonly number[]): SelfTestCase {
  return {
    kernel: "activate_strip",
    input: matrices,
    expected,
    call(kernels, out, x) {
      // the numbers of a layer with one input: bias + weight · input
      kernels.gemm_nn_tile_1x8(out, 32, x + 32, 0, x + 4, 0, x, 1);
      kernels.activate_strip(kind, out, out + 32, 32, 1, 8);
      kernels.scale_strip(out + 32, 32, x, 32, out + 32, 32, 1);
    },
  };
}

// the expected values are written with the digits that determine an f32
/** @internal */
export const selfTestCases: readonly SelfTestCase[] = [
  elementwise(
    "exp_f32",
    anywhere,
    [
      0.0001234098, 0.082085, 0.36787945, 0.7788008, 1, 1.6487212, 2.7182817, 25.79034, 1096.6332, 0.6872893,
      0.17377394,
    ],
  ),
  elementwise(
    "log_f32",
    positive,
    [
      -6.9077554, -1.3862944, -0.693147182, 0, 0.4054651, 1.011601, 2.30258512, 5.7037826, 13.815511, -92.10341,
      -0.20763937,
    ],
  ),
  elementwise(
    "tanh_f32",
    anywhere,
    [
      -0.99999994, -0.9866143, -0.7615942, -0.24491866, 0, 0.46211717, 0.7615942, 0.99699765, 0.99999833, -0.3583574,
      -0.94137555,
    ],
  ),
  elementwise(
    "sigmoid_f32",
    anywhere,
    [
      0.00012339458, 0.075858176, 0.26894143, 0.4378235, 0.5, 0.62245935, 0.7310586, 0.96267307, 0.999089, 0.4073334,
      0.14804721,
    ],
  ),
  elementwise(
    "softplus_f32",
    anywhere,
    [
      0.00012340219, 0.078889735, 0.3132617, 0.5759394, 0.693147182, 0.974077, 1.3132617, 3.2880414, 7.000911,
      0.52312326, 0.16022415,
    ],
  ),
  elementwise(
    "swish_f32",
    anywhere,
    [
      -0.0011105512, -0.18964545, -0.26894143, -0.109455876, 0, 0.31122968, 0.7310586, 3.1286874, 6.993623, -0.15275003,
      -0.25908262,
    ],
  ),
  elementwise(
    "sin_f32",
    angles,
    [
      -0.4121185, -0.5984722, 0.1778312, -0.24740396, 0, 0.47942555, 0.841471, -0.10819513, 0.6569866, 0.9092974,
      0.36627254,
    ],
  ),
  elementwise(
    "cos_f32",
    angles,
    [
      -0.91113025, -0.80114365, -0.984061, 0.9689124, 1, 0.87758255, 0.5403023, -0.9941297, 0.75390226, -0.4161468,
      0.9305076,
    ],
  ),
  random(
    "random_uniform",
    [
      0.025790513, 0.37921697, 0.27491552, 0.836698, 0.1672414, 0.7972732, 0.9219398, 0.22124833, 0.59363455, 0.7478712,
      0.026685417, 0.13169378, 0.6641205, 0.20134598, 0.831943, 0.74541956, 0.13776737, 0.68002564, 0.37089688,
      0.4146927, 0.8131432, 0.4900598, 0.66543823, 0.67532355, 0.19843715, 0.4769042, 0.51077074, 0.7439956, 0.19360441,
      0.51277584, 0.8864079, 0.13581103,
    ],
  ),
  random(
    "random_normal",
    [
      -1.9625206, 1.8611853, 0.83276135, -1.3744423, 0.55351305, -1.8083854, 0.072438926, 0.39661485, -0.013659332,
      -1.021174, 1.821864, 1.9819405, 0.27229813, 0.86280763, -0.017456047, -0.6063646, -0.84746855, -1.8017143,
      -1.2109042, 0.71928674, -0.6419381, 0.04014501, -0.40811932, -0.8050202, -1.7795863, 0.26007345, -0.043721117,
      -1.1583425, -1.8063116, -0.14531034, 0.32287338, 0.370012,
    ],
  ),
  random(
    "random_truncated_normal",
    [
      -1.6709359, -0.2931268, -0.56758934, 0.9206298, -0.90632474, 0.7849113, 1.2973316, -0.7259602, 0.22593534,
      0.63287693, -1.6623496, -1.0430964, 0.40334547, -0.7894148, 0.903386, 0.62572676, -1.0183785, 0.4449842,
      -0.3139721, -0.20554234, 0.8376812, -0.023784943, 0.40676787, 0.43259716, -0.79895467, -0.055286583, 0.025772667,
      0.6215886, -0.8149674, 0.030571928, 1.1208599, -1.0262718,
    ],
  ),
  ...tiles(),
  activation(1, [0, 0.9625, 0, 2.1375, 0, 0.4875, 2.1, 0, 0, -1.25, 0, -0.75, 0, 0.25, -2, 0]),
  activation(
    2,
    [
      -0.0032499998, 0.9625, -0.016, 2.1375, -0.033749998, 0.4875, 2.1, -0.0014999998, 0.005, -1.25, 0.02, -0.75, 0.015,
      0.25, -2, 0.01,
    ],
  ),
  activation(
    3,
    [
      -0.3140209, 0.74538994, -0.9216685, 0.97255766, -0.997661, 0.45222998, 0.97045195, -0.14888501, 0.45069543,
      -0.5554923, 0.30105424, -0.040598676, 0.007008791, 0.19887201, -0.11644602, 0.9778333,
    ],
  ),
  activation(
    4,
    [
      -0.13632374, 0.6964862, -0.26877058, 1.9119829, -0.11166518, 0.3020147, 1.8708966, -0.06938551, 0.17015798,
      -1.1451443, -0.11128089, -0.8221641, -0.112326965, 0.18360718, -2.1900241, 0.42528033,
    ],
  ),
  {
    // gradients of two rows of two means and two log-variances, then of the bounds
    kernel: "gaussian_nll",
    input: matrices,
    expected: [
      0.11275104, -0.095762074, 0.001708854, 0.020730378, 0.39758232, -0.112350404, 0.009084445, 0.025619967,
      0.062099468, 0.03569228, 0.29655743, 0.33346826,
    ],
    call(kernels, out, x) {
      // partial sums beside the 12 numbers: five f64
      kernels.gaussian_nll(out + 48, out, x, x + 32, x + 48, 1, 2, 2, 4, 4);
      kernels.loss_reduce(out + 88, out + 32, out + 48, 0.25, 1, 1, 4);
    },
  },
  {
    kernel: "mse",
    input: matrices,
    expected: [0.099999994, -0.325, 0.55, -0.975],
    call: (kernels, out, x) => kernels.mse(out + 16, out, x, x + 32, 1, 1, 4, 4, 4),
  },
  {
    // seven parameters and their means after two steps: a vector and a remainder
    kernel: "adam_update",
    input: matrices,
    expected: [
      -0.23604092, 0.23648751, -0.23656274, 0.23631927, -0.23652259, -0.23465398, 0.23656274, 0.087928936, -0.23042893,
      0.37292892, -0.13542894, 0.27792895, 0.040428933, -0.37292892, 0.0043178927, 0.029375983, 0.07682157, 0.010183089,
      0.04270368, 0.00094019657, 0.07682157,
    ],
    // learning rate, betas, epsilon, corrections and decay of two steps
    numbers: [0.1, 0.9, 0.99, 1e-8, 10, 50, 0.5, 0.1, 0.9, 0.99, 1e-8, 5, 50, 0.5],
    call(kernels, out, x, numbers) {
      kernels.adam_update(numbers, 0, out, out + 28, out + 56, x, 7);
      kernels.adam_update(numbers + 56, 0, out, out + 28, out + 56, x, 7);
    },
  },
  {
    // a table of four steps, then one series from four numbers
    kernel: "colored_noise",
    input: matrices,
    expected: [
      -0.9358088, 2.0610712, 0.99483585, -1.0279605, 0.54606885, 0.54606885, 0.54606885, 0.54606885, 0.7722579,
      -3.3756468e-8, -0.7722579, 9.209084e-9, 0, 0.7722579, -6.7512936e-8, -0.7722579, 0.32469445, -0.32469445,
      0.32469445, -0.32469445,
    ],
    call(kernels, out, x) {
      kernels.colored_table(out + 16, 4, 1.5);
      kernels.colored_noise(out, x, out + 16, 1, 4, 1);
    },
  },
  {
    kernel: "standardize",
    input: matrices,
    expected: [-0.3, 0.90000004, 3.6, -2.1000001],
    call: (kernels, out, x) => kernels.standardize(out, x, x + 16, x + 32, 1, 4),
  },
  {
    // sine and cosine of four angles, shifted by −0.75 and scaled by 1.5
    kernel: "model_features",
    input: [...featureTable, ...matrices],
    expected: [1.8441384, -0.15560436, -0.29847693, -0.2961694, 2.4889462, -0.4790367, 0.102541834, -0.19207779],
    call: (kernels, out, x) => kernels.model_features(out, x + 16, 0, x, x + 28, x + 32, 4, 1, 0, 2),
  },
  {
    // five numbers as they are, two vectors that overlap; then three alone
    kernel: "model_features",
    input: [...copyTable, ...matrices],
    expected: [0.225, 0.90000004, -1.5, -0.84, -0.84, 0.225, 0.90000004, -1.5],
    call(kernels, out, x) {
      kernels.model_features(out, x + 40, 0, x, x + 60, x + 80, 1, 5, 0, 5);
      kernels.model_features(out + 20, x + 40, 0, x, x + 60, x + 80, 1, 3, 0, 3);
    },
  },
  {
    // a pair of rows, then the first of them alone
    kernel: "head_sample",
    input: matrices,
    expected: [
      2.2160368, -1.0595694, 1.1271503, 1.5471612, 0.28200233, 0.47913706, -2.1565943, 2.8374324, 2.2160368, -1.0595694,
      1.1271503, 1.5471612,
    ],
    call(kernels, out, x) {
      kernels.head_sample(out, x, x + 32, x + 64, x, x + 16, x + 72, 2, 4, 8);
      kernels.head_sample(out + 32, x, x + 32, x + 64, x, x + 16, x + 72, 1, 4, 8);
    },
  },
  {
    // five series of three steps
    kernel: "colored_noise",
    input: matrices,
    expected: [
      -0.7319457, 2.2131991, -0.61522824, 0.7917322, -0.86860853, -1.2221618, -0.3382039, -1.3508167, -1.7750808,
      0.3884368, 0.13469446, -1.5623617, -0.2128281, -1.4754668, -0.9097812,
    ],
    call(kernels, out, x) {
      kernels.colored_table(out + 128, 3, 2);
      kernels.colored_noise(out, x, out + 128, 5, 3, 1);
    },
  },
  {
    kernel: "head_mean",
    input: matrices,
    expected: [1.78, -0.39749998, -0.985, 1.1575],
    call: (kernels, out, x) => kernels.head_mean(out, x, x + 16, x + 72, 2, 1, 4, 8),
  },
  {
    kernel: "head_moments",
    input: matrices,
    expected: [
      1.78, -0.39749998, -0.985, 1.1575, 1.1974994, 0.5914947, 3.7749207, 0.8102461, 0.004899999, 0.051756244, 0.148225,
      0.46580628,
    ],
    call: (kernels, out, x) =>
      kernels.head_moments(out, out + 16, out + 32, x, x + 64, x, x + 16, x + 72, 2, 1, 4, 8, 1),
  },
  {
    kernel: "apply_target",
    input: matrices,
    expected: [1.2, -0.875, 0.4000001, 2.125, 0.3],
    call: (kernels, out, x) => kernels.apply_target(out, out + 16, x, x + 16, x + 36, 1, 4, 5),
  },
  {
    kernel: "model_target",
    input: matrices,
    expected: [1.8, 1.375, -4.4, -0.125, 0.3],
    call: (kernels, out, x) => kernels.model_target(out, x, x + 16, x + 32, x + 36, 1, 4, 5),
  },
];

// Philox4x32-10 of counter and key zero, as published with Random123
const philoxWords = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];

// the most that a case has: six rows of sixteen
const ELEMENTS = 96;
const NUMBERS = 14;

// how far fused multiply-add may move a result, relative to max(1, |result|)
const FAST_TOLERANCE = 1e-5;

/** Throws `CorruptionError` if a kernel gives other bits than it must (`fast`: other values, beyond rounding). */
export function selfTest(runtime: Runtime): void {
  const exact = runtime.info().numerics === "reproducible";
  const scope = runtime.scoped((inner) => inner);
  try {
    const words = scope.tensor([4], "u32");
    runtime.kernels.philox_bits(words.address, 4, 0, 0, 0, 0, 0, 0);
    compare("philox_bits", words.view, philoxWords, true);
    const input = scope.tensor([ELEMENTS]);
    const out = scope.tensor([ELEMENTS]);
    const doubles = scope.tensor([NUMBERS], "f64");
    for (const { kernel, input: values, numbers = [], expected, call } of selfTestCases) {
      input.view.fill(0).set(values);
      doubles.view.set(numbers);
      out.view.fill(0);
      call(runtime.kernels, out.address, input.address, doubles.address);
      compare(kernel, out.view, expected, exact);
    }
  } finally {
    scope.dispose();
  }
}

function compare(kernel: string, actual: ArrayLike<number>, expected: readonly number[], exact: boolean): void {
  for (const [i, value] of expected.entries()) {
    const want = actual instanceof Float32Array ? Math.fround(value) : value;
    const got = actual[i];
    const tolerance = exact ? 0 : FAST_TOLERANCE * Math.max(1, Math.abs(want));
    if (Math.abs(got - want) <= tolerance) continue;
    throw new CorruptionError(
      `self-test: kernel "${kernel}" gave ${got} for ${want}; the binary is damaged, or this engine miscompiles it`,
    );
  }
}
