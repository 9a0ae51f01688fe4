// Which WebAssembly features this engine has, each found by validating a module of a few bytes that uses it.

/** Features that decide which binary is loaded. */
export interface Features {
  /** 128-bit SIMD: required. */
  readonly simd: boolean;
  /** Relaxed SIMD (fused multiply-add): `numerics: "fast"`. Node 20 has it behind a flag. */
  readonly relaxedSimd: boolean;
  /** Shared memory is available to this context (browsers: cross-origin isolated pages only). */
  readonly sharedMemory: boolean;
}

// (func (result v128) (i8x16.popcnt (i8x16.splat (i32.const 0))))
const simdModule = "0061736d010000000105016000017b030201000a0a0108004100fd0ffd620b";
// (func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
const relaxedModule = "0061736d0100000001080160037b7b7b017b030201000a0d010b00200020012002fd85020b";

function validates(hex: string): boolean {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return WebAssembly.validate(bytes);
}

/** Probes the engine; takes microseconds, so nothing is cached. */
export function probeFeatures(): Features {
  return {
    simd: validates(simdModule),
    relaxedSimd: validates(relaxedModule),
    sharedMemory: typeof SharedArrayBuffer === "function",
  };
}
