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

// the expected values are written with the nine digits that determine an f32
/** @internal */
export const selfTestCases: readonly SelfTestCase[] = [
  elementwise(
    "exp_f32",
    anywhere,
    [
      0.000123409802, 0.0820849985, 0.36787945, 0.778800786, 1, 1.64872122, 2.71828175, 25.7903404, 1096.63318,
      0.687289298, 0.173773944,
    ],
  ),
  elementwise(
    "log_f32",
    positive,
    [
      -6.90775537, -1.38629436, -0.693147182, 0, 0.405465096, 1.01160097, 2.30258512, 5.70378256, 13.8155107,
      -92.1034088, -0.207639366,
    ],
  ),
  elementwise(
    "tanh_f32",
    anywhere,
    [
      -0.99999994, -0.986614287, -0.761594176, -0.244918659, 0, 0.462117165, 0.761594176, 0.996997654, 0.999998331,
      -0.3583574, -0.941375554,
    ],
  ),
  elementwise(
    "sigmoid_f32",
    anywhere,
    [
      0.00012339458, 0.0758581758, 0.268941432, 0.437823504, 0.5, 0.622459352, 0.731058598, 0.962673068, 0.999089003,
      0.407333404, 0.148047209,
    ],
  ),
  elementwise(
    "softplus_f32",
    anywhere,
    [
      0.000123402191, 0.078889735, 0.313261688, 0.575939417, 0.693147182, 0.974076986, 1.31326175, 3.28804135,
      7.00091124, 0.523123264, 0.160224155,
    ],
  ),
  elementwise(
    "swish_f32",
    anywhere,
    [
      -0.00111055118, -0.189645454, -0.268941432, -0.109455876, 0, 0.311229676, 0.731058598, 3.12868738, 6.99362278,
      -0.15275003, -0.259082615,
    ],
  ),
  elementwise(
    "sin_f32",
    angles,
    [
      -0.412118495, -0.598472178, 0.177831203, -0.247403964, 0, 0.47942555, 0.841471016, -0.108195134, 0.656986594,
      0.909297407, 0.366272539,
    ],
  ),
  elementwise(
    "cos_f32",
    angles,
    [
      -0.91113025, -0.801143646, -0.984061003, 0.968912423, 1, 0.87758255, 0.540302277, -0.994129717, 0.753902256,
      -0.416146815, 0.9305076,
    ],
  ),
  random(
    "random_uniform",
    [
      0.0257905126, 0.379216969, 0.274915516, 0.836697996, 0.167241395, 0.797273219, 0.92193979, 0.221248329,
      0.593634546, 0.74787122, 0.0266854167, 0.13169378, 0.664120495, 0.20134598, 0.831942976, 0.745419562, 0.137767375,
      0.680025637, 0.370896876, 0.4146927, 0.813143194, 0.490059793, 0.665438235, 0.675323546, 0.198437154, 0.476904213,
      0.510770738, 0.743995607, 0.19360441, 0.512775838, 0.886407912, 0.135811031,
    ],
  ),
  random(
    "random_normal",
    [
      -1.9625206, 1.86118531, 0.832761347, -1.37444234, 0.55351305, -1.80838537, 0.0724389255, 0.39661485,
      -0.0136593319, -1.02117395, 1.82186401, 1.98194051, 0.272298127, 0.862807631, -0.0174560472, -0.606364608,
      -0.847468555, -1.8017143, -1.21090424, 0.71928674, -0.64193809, 0.0401450098, -0.408119321, -0.805020213,
      -1.77958632, 0.260073453, -0.0437211171, -1.15834248, -1.80631161, -0.145310342, 0.322873384, 0.370011985,
    ],
  ),
  random(
    "random_truncated_normal",
    [
      -1.67093587, -0.293126792, -0.567589343, 0.920629799, -0.906324744, 0.784911275, 1.29733157, -0.725960195,
      0.22593534, 0.632876933, -1.66234958, -1.04309642, 0.403345466, -0.789414823, 0.903385997, 0.625726759,
      -1.0183785, 0.444984198, -0.313972086, -0.205542341, 0.837681174, -0.0237849429, 0.406767875, 0.43259716,
      -0.798954666, -0.0552865826, 0.0257726666, 0.621588588, -0.814967394, 0.0305719282, 1.12085986, -1.02627182,
    ],
  ),
  ...tiles(),
  activation(1, [0, 0.962499976, 0, 2.13750005, 0, 0.487500012, 2.0999999, 0, 0, -1.25, 0, -0.75, 0, 0.25, -2, 0]),
  activation(
    2,
    [
      -0.00324999983, 0.962499976, -0.0160000008, 2.13750005, -0.0337499976, 0.487500012, 2.0999999, -0.00149999978,
      0.00499999989, -1.25, 0.0199999996, -0.75, 0.0149999997, 0.25, -2, 0.00999999978,
    ],
  ),
  activation(
    3,
    [
      -0.314020902, 0.745389938, -0.92166853, 0.972557664, -0.997660995, 0.452229977, 0.970451951, -0.148885012,
      0.450695425, -0.555492282, 0.301054239, -0.0405986756, 0.00700879097, 0.198872015, -0.116446018, 0.977833271,
    ],
  ),
  activation(
    4,
    [
      -0.136323735, 0.696486175, -0.268770576, 1.91198289, -0.111665182, 0.302014709, 1.87089658, -0.0693855137,
      0.170157984, -1.14514434, -0.111280888, -0.822164118, -0.112326965, 0.183607176, -2.19002414, 0.425280333,
    ],
  ),
  {
    // gradients of two rows of two means and two log-variances, then of the bounds
    kernel: "gaussian_nll",
    input: matrices,
    expected: [
      0.112751037, -0.095762074, 0.00170885399, 0.0207303781, 0.397582322, -0.112350404, 0.00908444542, 0.0256199669,
      0.062099468, 0.0356922783, 0.296557426, 0.333468258,
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
    expected: [0.099999994, -0.324999988, 0.550000012, -0.975000024],
    call: (kernels, out, x) => kernels.mse(out + 16, out, x, x + 32, 1, 1, 4, 4, 4),
  },
  {
    // seven parameters and their means after two steps: a vector and a remainder
    kernel: "adam_update",
    input: matrices,
    expected: [
      -0.23604092, 0.236487508, -0.236562744, 0.236319274, -0.236522585, -0.23465398, 0.236562744, 0.0879289359,
      -0.230428934, 0.372928917, -0.135428935, 0.277928948, 0.0404289328, -0.372928917, 0.00431789272, 0.0293759834,
      0.0768215731, 0.0101830894, 0.0427036807, 0.000940196565, 0.0768215731,
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
      -0.935808778, 2.06107116, 0.994835854, -1.02796054, 0.546068847, 0.546068847, 0.546068847, 0.546068847,
      0.772257924, -3.37564678e-8, -0.772257924, 9.20908416e-9, 0, 0.772257924, -6.75129357e-8, -0.772257924,
      0.324694455, -0.324694455, 0.324694455, -0.324694455,
    ],
    call(kernels, out, x) {
      kernels.colored_table(out + 16, 4, 1.5);
      kernels.colored_noise(out, x, out + 16, 1, 4, 1);
    },
  },
  {
    kernel: "standardize",
    input: matrices,
    expected: [-0.300000012, 0.900000036, 3.5999999, -2.10000014],
    call: (kernels, out, x) => kernels.standardize(out, x, x + 16, x + 32, 1, 4),
  },
  {
    // sine and cosine of four angles, shifted by −0.75 and scaled by 1.5
    kernel: "model_features",
    input: [...featureTable, ...matrices],
    expected: [1.84413838, -0.155604362, -0.298476934, -0.2961694, 2.4889462, -0.479036689, 0.102541834, -0.192077786],
    call: (kernels, out, x) => kernels.model_features(out, x + 16, 0, x, x + 28, x + 32, 4, 1, 0, 2),
  },
  {
    // five numbers as they are, two vectors that overlap; then three alone
    kernel: "model_features",
    input: [...copyTable, ...matrices],
    expected: [0.224999994, 0.900000036, -1.5, -0.839999974, -0.839999974, 0.224999994, 0.900000036, -1.5],
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
      2.2160368, -1.05956936, 1.1271503, 1.54716122, 0.28200233, 0.479137063, -2.15659428, 2.83743238, 2.2160368,
      -1.05956936, 1.1271503, 1.54716122,
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
      -0.731945693, 2.21319914, -0.615228236, 0.791732192, -0.868608534, -1.22216177, -0.338203907, -1.35081673,
      -1.7750808, 0.388436794, 0.134694457, -1.56236172, -0.2128281, -1.47546685, -0.909781218,
    ],
    call(kernels, out, x) {
      kernels.colored_table(out + 128, 3, 2);
      kernels.colored_noise(out, x, out + 128, 5, 3, 1);
    },
  },
  {
    kernel: "head_mean",
    input: matrices,
    expected: [1.77999997, -0.397499979, -0.985000014, 1.15750003],
    call: (kernels, out, x) => kernels.head_mean(out, x, x + 16, x + 72, 2, 1, 4, 8),
  },
  {
    kernel: "head_moments",
    input: matrices,
    expected: [
      1.77999997, -0.397499979, -0.985000014, 1.15750003, 1.19749939, 0.591494679, 3.7749207, 0.81024611, 0.00489999913,
      0.0517562442, 0.148224995, 0.465806276,
    ],
    call: (kernels, out, x) =>
      kernels.head_moments(out, out + 16, out + 32, x, x + 64, x, x + 16, x + 72, 2, 1, 4, 8, 1),
  },
  {
    kernel: "apply_target",
    input: matrices,
    expected: [1.20000005, -0.875, 0.400000095, 2.125, 0.300000012],
    call: (kernels, out, x) => kernels.apply_target(out, out + 16, x, x + 16, x + 36, 1, 4, 5),
  },
  {
    kernel: "model_target",
    input: matrices,
    expected: [1.79999995, 1.375, -4.4000001, -0.125, 0.300000012],
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
