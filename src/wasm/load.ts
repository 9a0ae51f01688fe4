// From bytes to an instance: picks the binary, decodes the embedded copy unless the caller brings one, and instantiates it
// on an imported memory with the AssemblyScript loader.

import { type Imports, instantiate } from "@assemblyscript/loader";
import { FormatError, UnsupportedError, wrongKind } from "../check.js";
import type { Kernels } from "./kernels.gen.js";
import { probeFeatures } from "./probe.js";
import { withSharedMemory } from "./shared-import.js";

/**
 * `simd`: reproducible. `relaxed`: with fused multiply-add. `float64`: as `simd`, but simulations in float64. `checked`:
 * every access asserted, for tests.
 */
export type Variant = "simd" | "relaxed" | "float64" | "checked";

/** A kernel binary as a caller may bring it; what `loadRuntime({ wasm })` takes. */
export type WasmSource = WebAssembly.Module | BufferSource | Response | PromiseLike<Response>;

const embedded: Record<Variant, () => Promise<{ base64: string }>> = {
  simd: () => import("./binary/simd.gen.js"),
  relaxed: () => import("./binary/relaxed.gen.js"),
  float64: () => import("./binary/float64.gen.js"),
  checked: () => import("./binary/checked.gen.js"),
};

async function decode(variant: Variant): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await embedded[variant]();
  const characters = atob(base64);
  // a loop: `Uint8Array.from` with a function takes tens of milliseconds
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

// never streamed: a server that sends the wrong MIME type would make streaming compilation fail
async function moduleOrBytes(source: unknown): Promise<WebAssembly.Module | BufferSource> {
  if (source instanceof WebAssembly.Module || source instanceof ArrayBuffer) return source;
  // not every engine compiles a DataView
  if (ArrayBuffer.isView(source))
    return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
  if (typeof Response !== "function" || !(source instanceof Response)) {
    return wrongKind("loadRuntime", "wasm", "a WebAssembly.Module, bytes or a Response", source);
  }
  if (!source.ok) throw new FormatError(`loadRuntime: "wasm" is a response of status ${source.status}: ${source.url}`);
  return source.arrayBuffer();
}

function asBytes(binary: BufferSource): Uint8Array {
  if (!ArrayBuffer.isView(binary)) return new Uint8Array(binary);
  return new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength);
}

/** Kernels, what they were made from, and the memory they work on. */
export interface Loaded {
  readonly kernels: Kernels;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Threads can work on the memory. */
  readonly shared: boolean;
}

/**
 * Instantiates a variant, or the binary the caller brings, on a memory that `createMemory` makes: shared if that is wanted
 * and the binary can be had in that form, which a compiled module cannot.
 */
export async function loadKernels(
  variant: Variant,
  source: WasmSource | undefined,
  wantShared: boolean,
  createMemory: (shared: boolean) => WebAssembly.Memory,
  checkAccess: (address: number, bytes: number, write: number) => void,
): Promise<Loaded> {
  const features = probeFeatures();
  if (!features.simd) throw new UnsupportedError(["simd"], "this engine lacks 128-bit WebAssembly SIMD");
  if (variant === "relaxed" && !features.relaxedSimd) {
    throw new UnsupportedError(
      ["relaxed-simd"],
      'this engine lacks relaxed SIMD, which numerics: "fast" needs; use numerics: "reproducible"',
    );
  }
  const binary = source === undefined ? await decode(variant) : await moduleOrBytes(await source);
  const patched = wantShared && !(binary instanceof WebAssembly.Module) ? withSharedMemory(asBytes(binary)) : undefined;
  const shared = patched !== undefined;
  const memory = createMemory(shared);
  const imports = { env: { memory, check_access: checkAccess } } as Imports;
  try {
    const { instance, module } = await instantiate<Record<string, unknown>>(patched ?? binary, imports);
    const kernels = instance.exports as unknown as Kernels;
    if (typeof kernels.heap_base === "function") return { kernels, module, memory, shared };
  } catch (error) {
    // each engine says it in its own words, all of them name the policy
    if (/content security policy|unsafe-eval|CSP/i.test(String(error))) {
      const policy = "script-src 'self' 'wasm-unsafe-eval'";
      throw new UnsupportedError(
        ["wasm-unsafe-eval"],
        `this page's Content-Security-Policy forbids WebAssembly; allow it with ${policy}`,
      );
    }
    // does not compile, or imports what it should not; any other error is no verdict on the bytes
    const verdicts = [WebAssembly.CompileError, WebAssembly.LinkError, TypeError];
    if (source === undefined || !verdicts.some((kind) => error instanceof kind)) throw error;
    throw new FormatError(`loadRuntime: "wasm" is no kernel binary of this version: ${(error as Error).message}`);
  }
  throw new FormatError('loadRuntime: "wasm" is no kernel binary of this version: it lacks "heap_base"');
}
