// One binary serves both kinds of memory. Kernels are compiled for a memory that is not shared; where threads are wanted,
// the few bytes that declare the imported memory are replaced (WebAssembly core specification, "Import Section" and
// "Limits"; flags of the threads proposal). Atomic instructions are valid on either.

const IMPORT_SECTION = 2;
const HAS_MAXIMUM = 1;
const SHARED = 2;
// 65536 pages as LEB128: any shared memory that is given has at most that maximum
const ANY_MAXIMUM = [0x80, 0x80, 0x04];

/** The same binary importing shared memory; undefined when it does not import its memory in the way that ours do. */
export function withSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    return patched(binary);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function patched(binary: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const reader = new Reader(binary, 8);
  while (!reader.ended) {
    const start = reader.at;
    const id = reader.byte();
    const end = reader.u32() + reader.at;
    if (id !== IMPORT_SECTION) {
      reader.at = end;
      continue;
    }
    const content = reader.at;
    for (let imports = reader.u32(); imports > 0; imports--) {
      reader.skip(reader.u32());
      reader.skip(reader.u32());
      const kind = reader.byte();
      if (kind === 0) reader.u32();
      else if (kind === 3) reader.skip(2);
      else if (kind !== 2) return undefined;
      else return spliced(binary, start, content, reader, end);
    }
    return undefined;
  }
  return undefined;
}

// the binary with other limits at the reader's place, and the length of their section changed to match
function spliced(binary: Uint8Array, start: number, content: number, reader: Reader, end: number) {
  const limits = reader.at;
  const flags = reader.byte();
  if ((flags & ~(HAS_MAXIMUM | SHARED)) !== 0) return undefined;
  const initial = leb(reader.u32());
  if (flags & HAS_MAXIMUM) reader.u32();
  const replaced = [HAS_MAXIMUM | SHARED, ...initial, ...ANY_MAXIMUM];
  const length = leb(limits - content + replaced.length + end - reader.at);
  const parts = [
    binary.subarray(0, start + 1),
    length,
    binary.subarray(content, limits),
    replaced,
    binary.subarray(reader.at),
  ];
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

class Reader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  get ended(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    if (this.ended) throw new RangeError("the binary ends too early");
    return this.#bytes[this.at++];
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError("a number is too long");
  }

  skip(bytes: number): void {
    this.at += bytes;
  }
}
