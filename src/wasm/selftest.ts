// A check of the kernels against known results at every start: an engine that miscompiles SIMD, a damaged binary, or one
// of other numerics than asked for is found before anything is learned with it. Takes about a millisecond.
//
// The numbers below are what the kernels gave when they agreed with their float64 twins (test/wasm/selftest.test.ts holds
// them to that). Functions have eleven or nine elements each: two vectors and a remainder.

import { CorruptionError } from "../check.js";
import type { Kernels } from "./kernels.gen.js";
import type { Runtime } from "./runtime.js";

interface SelfTestCase {
  readonly kernel: keyof Kernels;
  /** Written to the input tensor before the call. */
  readonly input: readonly number[];
  /** What the first elements of the output tensor, zero before the call, must then be. */
  readonly expected: readonly number[];
  call(kernels: Kernels, out: number, input: number): void;
}

const anywhere = [-9, -2.5, -1, -0.25, 0, 0.5, 1, 3.25, 7, -0.375, -1.75];
// one beyond 8192, where another reduction begins
const angles = [-9, -2.5, 5e5, -0.25, 0, 0.5, 1, 3.25, 7, 2, 0.375];
const positive = [0.001, 0.25, 0.5, 1, 1.5, 2.75, 10, 300, 1e6, 1e-40, 0.8125];

type Elementwise =
  "exp_f32" | "log_f32" | "tanh_f32" | "sigmoid_f32" | "softplus_f32" | "swish_f32" | "sin_f32" | "cos_f32";

function elementwise(kernel: Elementwise, input: readonly number[], expected: readonly number[]): SelfTestCase {
  return { kernel, input, expected, call: (kernels, out, x) => kernels[kernel](out, x, input.length) };
}

type Random = "random_uniform" | "random_normal" | "random_truncated_normal";

function random(kernel: Random, expected: readonly number[]): SelfTestCase {
  return {
    kernel,
    input: [],
    expected,
    call: (kernels, out) => kernels[kernel](out, expected.length, 0, 1, 2, 3, 4, 5),
  };
}

// two rows of eight, then one number six times
const matrices = [
  0.5, -1.25, 2, -0.75, 1.5, 0.25, -2, 1, 0.3, -0.6, 0.9, 1.2, -1.5, 0.8, -0.4, 1.1, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7,
];

// (sine, 0), (cosine, 0): the integer n is the f32 with the bits n
const featureTable = [1, 0, 2, 0].map((n) => n * 2 ** -149);

// all rows of a tile are given the same numbers, so that each must give the same eight
function tiles(kernel: "gemm_nn_tile" | "gemm_tn_tile", row: readonly number[]): SelfTestCase[] {
  return ([1, 2, 3, 4, 5, 6] as const).map((rows) => ({
    kernel: `${kernel}_${rows}`,
    input: matrices,
    expected: Array.from({ length: rows }, () => row).flat(),
    call: (kernels, out, x) =>
      kernel === "gemm_nn_tile"
        ? kernels[`${kernel}_${rows}`](out, 32, x + 32, 0, x + 16, 0, x, 2)
        : kernels[`${kernel}_${rows}`](out, x + 64, 0, x, 32, 2),
  }));
}

// outputs of a layer of one input and eight outputs, and its derivatives as factors of something
function dense(activation: number, expected: readonly number[]): SelfTestCase {
  return {
    kernel: "dense_forward",
    input: matrices,
    expected,
    call(kernels, out, x) {
      kernels.dense_forward(out, out + 32, x + 4, x, x + 32, 0, 1, 1, 1, 8, 1, 0, activation);
      kernels.activation_slope(out + 32, x, out, out + 32, 8, activation);
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
      0.00012339458, 0.0758581758, 0.268941402, 0.437823474, 0.5, 0.622459352, 0.731058538, 0.962673128, 0.999088943,
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
      -0.00111055118, -0.189645454, -0.268941402, -0.109455869, 0, 0.311229676, 0.731058598, 3.12868738, 6.99362278,
      -0.152750015, -0.259082586,
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
      0.593634546,
    ],
  ),
  random(
    "random_normal",
    [
      -1.9625206, 1.86118519, 0.832761347, -1.37444222, 0.55351299, -1.80838537, 0.0724389255, 0.39661485,
      -0.0136593319,
    ],
  ),
  random(
    "random_truncated_normal",
    [
      -1.67093587, -0.293126792, -0.567589343, 0.920629799, -0.906324744, 0.784911275, 1.29733157, -0.725960195,
      0.22593534,
    ],
  ),
  ...tiles("gemm_nn_tile", [1.125, -2.625, 4.125, 0.37500006, 0.375, 1.375, -3.5, 2.875]),
  ...tiles(
    "gemm_tn_tile",
    [0.560000002, -1.29500008, 2.02999997, 0.315000057, 0, 0.735000014, -1.67999995, 1.47000003],
  ),
  dense(1, [0, 0.962499976, 0, 2.13750005, 0, 0.487500012, 2.0999999, 0, 0, -1.25, 0, -0.75, 0, 0.25, -2, 0]),
  dense(
    2,
    [
      -0.00324999983, 0.962499976, -0.0160000008, 2.13750005, -0.0337499976, 0.487500012, 2.0999999, -0.00149999978,
      0.00499999989, -1.25, 0.0199999996, -0.75, 0.0149999997, 0.25, -2, 0.00999999978,
    ],
  ),
  dense(
    3,
    [
      -0.314020902, 0.745389938, -0.92166853, 0.972557664, -0.997660995, 0.452229977, 0.970451951, -0.148885012,
      0.450695425, -0.555492282, 0.301054239, -0.0405986756, 0.00700879097, 0.198872015, -0.116446018, 0.977833271,
    ],
  ),
  dense(
    4,
    [
      -0.136323735, 0.696486235, -0.268770576, 1.91198289, -0.111665182, 0.302014709, 1.87089658, -0.0693855137,
      0.170157984, -1.14514446, -0.111280888, -0.822164118, -0.112326965, 0.183607176, -2.19002414, 0.425280333,
    ],
  ),
  {
    // gradients of two rows of two means and two log-variances, then of the bounds
    kernel: "gaussian_nll",
    input: matrices,
    expected: [
      0.112751037, -0.095762074, 0.00170885399, 0.0207303781, 0.397582322, -0.112350404, 0.00908444542, 0.0256199669,
      0.062099468, 0.0356922746, 0.296557426, 0.333468258,
    ],
    call: (kernels, out, x) => kernels.gaussian_nll(out + 48, out, out + 32, x, x + 32, x + 48, 1, 2, 2, 4, 4),
  },
  {
    kernel: "mse",
    input: matrices,
    expected: [0.099999994, -0.324999988, 0.550000012, -0.975000024],
    call: (kernels, out, x) => kernels.mse(out + 16, out, x, x + 32, 1, 1, 4, 4, 4),
  },
  {
    // parameters and both means after two steps
    kernel: "adam_step",
    input: matrices,
    expected: [
      -0.23604092, 0.236487508, -0.236562744, 0.236319274, 0.0879289359, -0.230428934, 0.372928917, -0.135428935,
      0.00431789272, 0.0293759834, 0.0768215731, 0.0101830894,
    ],
    call(kernels, out, x) {
      for (const correction of [10, 5]) {
        kernels.adam_step(out, out + 16, out + 32, x, 4, 0.1, 0.9, 0.99, 1e-8, correction, 50, 0.5);
      }
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
    kernel: "head_sample",
    input: matrices,
    expected: [2.2160368, -1.05956936, 1.1271503, 1.5471611],
    call: (kernels, out, x) => kernels.head_sample(out, x, x + 32, x + 64, x, x + 16, x + 72, 1, 4, 8),
  },
  {
    kernel: "head_moments",
    input: matrices,
    expected: [
      1.77999997, -0.397499979, -0.985000014, 1.15750003, 1.19749951, 0.591494679, 3.77492094, 0.81024611,
      0.00489999913, 0.0517562442, 0.148224995, 0.465806276,
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

// the most that a case has: six rows of eight
const ELEMENTS = 48;

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
    for (const { kernel, input: values, expected, call } of selfTestCases) {
      input.view.fill(0).set(values);
      out.view.fill(0);
      call(runtime.kernels, out.address, input.address);
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
