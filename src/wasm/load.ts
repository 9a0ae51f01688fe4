// From bytes to an instance: picks the binary, decodes the embedded copy unless the caller brings one, and instantiates it
// on an imported memory with the AssemblyScript loader.

import { type Imports, instantiate } from "@assemblyscript/loader";
import { UnsupportedError, wrongKind } from "../check.js";
import type { Kernels } from "./kernels.gen.js";
import { probeFeatures } from "./probe.js";

/** `simd`: reproducible. `relaxed`: with fused multiply-add. `checked`: every access asserted, for tests. */
export type Variant = "simd" | "relaxed" | "checked";

/** A kernel binary as a caller may bring it; what `loadRuntime({ wasm })` takes. */
export type WasmSource = WebAssembly.Module | BufferSource | Response | PromiseLike<Response>;

const embedded: Record<Variant, () => Promise<{ base64: string }>> = {
  simd: () => import("./binary/simd.gen.js"),
  relaxed: () => import("./binary/relaxed.gen.js"),
  checked: () => import("./binary/checked.gen.js"),
};

async function decode(variant: Variant): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await embedded[variant]();
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function isSource(source: unknown): source is WasmSource {
  return (
    source instanceof WebAssembly.Module ||
    source instanceof ArrayBuffer ||
    ArrayBuffer.isView(source) ||
    (typeof Response === "function" && source instanceof Response) ||
    typeof (source as PromiseLike<Response> | undefined)?.then === "function"
  );
}

/** Instantiates a variant, or the binary the caller brings, on `memory`. */
export async function loadKernels(
  variant: Variant,
  source: WasmSource | undefined,
  memory: WebAssembly.Memory,
  checkAccess: (address: number, bytes: number, write: number) => void,
): Promise<Kernels> {
  if (source !== undefined && !isSource(source)) {
    wrongKind("loadRuntime", "wasm", "a WebAssembly.Module, bytes or a Response", source);
  }
  const features = probeFeatures();
  if (!features.simd) throw new UnsupportedError(["simd"], "this engine lacks 128-bit WebAssembly SIMD");
  if (variant === "relaxed" && !features.relaxedSimd) {
    throw new UnsupportedError(
      ["relaxed-simd"],
      'this engine lacks relaxed SIMD, which numerics: "fast" needs; use numerics: "reproducible"',
    );
  }
  let resolved = await (source ?? decode(variant));
  // a server that sends the wrong MIME type would make streaming compilation fail
  if (typeof Response === "function" && resolved instanceof Response) resolved = await resolved.arrayBuffer();
  const imports = { env: { memory, check_access: checkAccess } } as Imports;
  const { instance } = await instantiate<Record<string, unknown>>(resolved as BufferSource, imports);
  return instance.exports as unknown as Kernels;
}
