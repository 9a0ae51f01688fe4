// The most that this engine can compute on four lanes: loops of multiply-adds that touch registers only, assembled here as
// a WebAssembly module of two functions. What the matrix products are held against, in the same run.
//
// Thirteen accumulators and two factors fill the fifteen registers that V8 has on x64, and hide the latency of an addition.
// A call is short, so that the engine's optimizing compiler takes over between two of them (a long loop would stay in the
// baseline compiler), and each accumulator starts elsewhere, so that no two are found to be the same.

import type { Side } from "./harness.js";

const ACCUMULATORS = 13;
// multiply-adds of each accumulator per iteration, which make the counting of the loop negligible
const UNROLL = 8;
const ITERATIONS = 2000;
const LANES = 4;

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;

// numbers of the parameters and locals
const [count, x, y] = [0, 1, 2];
const [factor, term, first] = [3, 4, 5];

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
const splat = simd(0x13);
const multiply = simd(0xe6);
const add = simd(0xe4);
const relaxedMultiplyAdd = simd(0x105);
const firstLane = [...simd(0x1f), 0];

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  return vector([...text].map((character) => [character.charCodeAt(0)]));
}

// (count, x, y) => sum over the accumulators, after `count` iterations of `step`
function loop(step: (accumulator: number) => number[]): number[] {
  const accumulators = Array.from({ length: ACCUMULATORS }, (_, i) => first + i);
  const start = accumulators.flatMap((local, i) => [
    // the start of the one before plus x
    ...(i === 0 ? get(term) : [...get(local - 1), ...get(factor), ...add]),
    ...set(local),
  ]);
  const body = Array.from({ length: UNROLL }, () => accumulators.flatMap(step)).flat();
  const sum = accumulators.flatMap((local, i) => [...get(local), ...(i === 0 ? [] : add)]);
  const code = [
    ...[...get(x), ...splat, ...set(factor), ...get(y), ...splat, ...set(term), ...start],
    // loop: body; count -= 1; again while it is not 0
    ...[0x03, 0x40, ...body, ...get(count), 0x41, 1, 0x6b, 0x22, count, 0x0d, 0, 0x0b],
    ...[...sum, ...firstLane, 0x0b],
  ];
  const locals = vector([[...unsigned(2 + ACCUMULATORS), V128]]);
  return [...unsigned(locals.length + code.length), ...locals, ...code];
}

// accumulator · x + x, rounded twice; x · y + accumulator would be a product to compute once. Its chain is as long as two
// operations, so that a processor which adds beside multiplying is not quite at its limit
const separate = loop((local) => [...get(local), ...get(factor), ...multiply, ...get(factor), ...add, ...set(local)]);
// x · y + accumulator, rounded once: the form that overwrites its third operand, as the instruction does
const fused = loop((local) => [...get(factor), ...get(term), ...get(local), ...relaxedMultiplyAdd, ...set(local)]);

function moduleOf(code: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...vector([[I32], [F32], [F32]]), ...vector([[F32]])]]),
    ...section(3, [[0]]),
    ...section(7, [[...name("run"), 0, 0]]),
    ...section(10, [code]),
  ]);
}

/** Floating-point operations of one call of `peak`'s side. */
export const PEAK_WORK = 2 * LANES * ACCUMULATORS * UNROLL * ITERATIONS;

/** One call does `PEAK_WORK` operations: fused multiply-adds (which the engine must have), or a multiplication and an addition. */
export function peak(kind: "fused" | "separate"): Side {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(kind === "fused" ? fused : separate)));
  const run = instance.exports.run as (count: number, x: number, y: number) => number;
  // the factor is below 1, so that the sums converge
  return { name: `${kind} register peak`, run: () => run(ITERATIONS, 0.5, 0.25) };
}
