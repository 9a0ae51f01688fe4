// The table of 32-bit words by which kernels know an ensemble of multi-layer perceptrons, written by the host
// (src/nn/network.ts has the same numbers). Everything in it is an address or a size that never changes.
//
//   words 0 – 7   layers, members, widest leading dimension, tile, address of the parameters
//   then 8 a layer: inputs K, outputs N, leading dimension of outputs, activation, weights, biases, transposed weights
//
// weights [members][N8 / 8][K][8] and biases [members][N8] with N8 = N rounded up to a multiple of 8: zero beyond column N,
// so that the padding of outputs is act(0) = 0. transposed [members][K8 / 8][N][8] holds the panels of Wᵀ.

import { activate_strip } from "./activation";
import { nn_strip, strip_columns } from "../linalg/gemm";
import { get } from "../memory";

// @ts-ignore: decorator
@inline
export function word(table: usize, index: i32): i32 {
  return get<i32>(table + ((<usize>index) << 2));
}

// @ts-ignore: decorator
@inline
export function address(table: usize, index: i32): usize {
  return <usize>get<u32>(table + ((<usize>index) << 2));
}

/** n rounded up to a multiple of 8. */
// @ts-ignore: decorator
@inline
export function padded(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Bytes of `count` rows of `columns` floats. */
// @ts-ignore: decorator
@inline
export function bytes(count: i32, columns: i32): usize {
  return (<usize>count * <usize>columns) << 2;
}

// @ts-ignore: decorator
@inline
export function layer_count(net: usize): i32 {
  return word(net, 0);
}
// @ts-ignore: decorator
@inline
export function widest(net: usize): i32 {
  return word(net, 2);
}
// @ts-ignore: decorator
@inline
export function tile_of(net: usize): i32 {
  return word(net, 3);
}
/** Address of all parameters; gradients and optimizer states lie alike. */
// @ts-ignore: decorator
@inline
export function parameters(net: usize): usize {
  return address(net, 4);
}

/** Layer `l` of a network; its fields are read by the functions below. */
// @ts-ignore: decorator
@inline
export function layer_of(net: usize, l: i32): usize {
  return net + 32 + ((<usize>l) << 5);
}
// @ts-ignore: decorator
@inline
export function inputs(layer: usize): i32 {
  return word(layer, 0);
}
// @ts-ignore: decorator
@inline
export function outputs(layer: usize): i32 {
  return word(layer, 1);
}
/** Floats from one row of the layer's outputs to the next. */
// @ts-ignore: decorator
@inline
export function leading(layer: usize): i32 {
  return word(layer, 2);
}
// @ts-ignore: decorator
@inline
export function activation(layer: usize): i32 {
  return word(layer, 3);
}
/** Weights of a member. */
// @ts-ignore: decorator
@inline
export function weights(layer: usize, member: i32): usize {
  return address(layer, 4) + bytes(member * inputs(layer), padded(outputs(layer)));
}
// @ts-ignore: decorator
@inline
export function biases(layer: usize, member: i32): usize {
  return address(layer, 5) + bytes(member, padded(outputs(layer)));
}
// @ts-ignore: decorator
@inline
export function transposed(layer: usize, member: i32): usize {
  return address(layer, 6) + bytes(member * outputs(layer), padded(inputs(layer)));
}

/**
 * y = act(x · W + b) for `rows` rows of one member; where `slope` is not 0, also slope = act'. Rows of y and slope are `ldy`
 * bytes apart and padded to a multiple of 8.
 */
export function layer_forward(
  layer: usize,
  tile: i32,
  member: i32,
  y: usize,
  slope: usize,
  ldy: usize,
  x: usize,
  ldx: usize,
  rows: i32,
): void {
  const K = inputs(layer);
  const N = padded(outputs(layer));
  const kind = activation(layer);
  let panel = weights(layer, member);
  let bias = biases(layer, member);
  for (let column = 0; column < N;) {
    const columns = strip_columns(tile, rows, N - column);
    nn_strip(columns, tile, y, ldy, bias, 0, x, ldx, panel, rows, K);
    // the strip is still in the first-level cache
    if (kind) activate_strip(kind, y, slope, ldy, rows, columns);
    const step = bytes(columns, 1);
    y += step;
    if (slope) slope += step;
    bias += step;
    panel += bytes(columns, K);
    column += columns;
  }
}

/**
 * out [rows, ldo] = the member's outputs at x [rows, ldx] (leading dimensions in bytes). `scratch` holds 2 · rows rows of
 * the network's widest leading dimension.
 */
export function network_forward(
  net: usize,
  member: i32,
  out: usize,
  ldo: usize,
  x: usize,
  ldx: usize,
  rows: i32,
  scratch: usize,
): void {
  const last = layer_count(net) - 1;
  const tile = tile_of(net);
  const half = bytes(rows, widest(net));
  for (let l = 0; l <= last; ++l) {
    const layer = layer_of(net, l);
    const y = l == last ? out : scratch + (l & 1 ? half : 0);
    const ldy = l == last ? ldo : bytes(1, leading(layer));
    layer_forward(layer, tile, member, y, 0, ldy, x, ldx, rows);
    x = y;
    ldx = ldy;
  }
}
