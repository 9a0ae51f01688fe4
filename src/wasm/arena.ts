// The owner of linear memory above the binary's data: blocks at multiples of 64 bytes, a guard band before and after each,
// an address-ordered free list that merges neighbors, growth up to a limit.
//
//   | guard 64 B | payload … | guard (64 B or more, up to the block's end) |
//
// The guard word is a quiet NaN: an out-of-bounds write breaks a band, an out-of-bounds read poisons the result.

import { BusyError, CorruptionError, OutOfMemoryError } from "../check.js";

const PAGE = 65536;
const LINE = 64;
const GUARD_WORD = 0x7fc0dead;

interface Block {
  /** First byte of the leading guard, total size with guards, and payload size. */
  readonly start: number;
  readonly size: number;
  readonly bytes: number;
}

/** Bytes of linear memory: what the binary holds, what tensors use, the most they used, and the limit. */
export interface MemoryUsage {
  /** Size of the linear memory. */
  readonly total: number;
  /** Bytes in live blocks, guards included. */
  readonly used: number;
  /** Largest `used` so far. */
  readonly peak: number;
  /** Live tensors. */
  readonly tensors: number;
  /** `maxBytes`. */
  readonly limit: number;
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #base: number;
  readonly #limit: number;
  // payload address -> block; `#starts` holds the same addresses sorted, for look-ups by any address
  readonly #live = new Map<number, Block>();
  readonly #starts: number[] = [];
  readonly #free: { start: number; size: number }[] = [];
  #top: number;
  #used = 0;
  #peak = 0;
  #loans = 0;
  #lastHit = 0;
  #words: Uint32Array;

  /** Takes over `memory` from byte `base` on; never grows it beyond `limit` bytes. */
  constructor(memory: WebAssembly.Memory, base: number, limit: number) {
    this.memory = memory;
    this.#base = base;
    this.#top = Math.ceil(base / LINE) * LINE;
    this.#limit = limit;
    this.#words = new Uint32Array(memory.buffer);
  }

  /** Reserves `bytes` zeroed bytes and returns their address, a multiple of 64. */
  allocate(bytes: number): number {
    const size = LINE + Math.ceil(bytes / LINE) * LINE + LINE;
    const start = this.#takeFree(size) ?? this.#extend(size, bytes);
    const address = start + LINE;
    this.#live.set(address, { start, size, bytes });
    this.#starts.splice(this.#after(address), 0, address);
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#used);
    const words = this.words();
    words.fill(GUARD_WORD, start >> 2, address >> 2);
    new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    this.#fillTail(address, bytes, start + size);
    return address;
  }

  /** Gives a block back, after a look at its guards. */
  release(address: number): void {
    const block = this.#live.get(address);
    if (!block) throw new CorruptionError(`no live block at address ${address}`);
    const intact = this.#intact(block);
    this.#live.delete(address);
    this.#starts.splice(this.#after(address) - 1, 1);
    this.#used -= block.size;
    this.#giveBack(block.start, block.size);
    if (!intact) throw new CorruptionError(`guard words around address ${address} were overwritten`);
  }

  /** Throws if any guard band is broken. */
  checkGuards(): void {
    for (const [address, block] of this.#live) {
      if (!this.#intact(block)) {
        throw new CorruptionError(`guard words around the ${block.bytes} bytes at address ${address} were overwritten`);
      }
    }
  }

  /** True if `bytes` bytes at `address` lie within one live block, or (reading only) within the binary's constants. */
  allows(address: number, bytes: number, write: boolean): boolean {
    if (!write && address + bytes <= this.#base) return true;
    const hit = this.#live.get(this.#lastHit);
    if (hit && address >= this.#lastHit && address + bytes <= this.#lastHit + hit.bytes) return true;
    const start = this.#starts[this.#after(address) - 1];
    const block = start === undefined ? undefined : this.#live.get(start);
    if (start === undefined || !block || address + bytes > start + block.bytes) return false;
    this.#lastHit = start;
    return true;
  }

  /** Runs `use` with growth refused, so that a view taken inside it stays valid. */
  lend<T>(use: () => T): T {
    this.#loans++;
    try {
      return use();
    } finally {
      this.#loans--;
    }
  }

  /** True while a view is lent. */
  get lent(): boolean {
    return this.#loans > 0;
  }

  usage(): MemoryUsage {
    return {
      total: this.memory.buffer.byteLength,
      used: this.#used,
      peak: this.#peak,
      tensors: this.#live.size,
      limit: this.#limit,
    };
  }

  /** The whole memory as words, taken anew when it has grown. */
  words(): Uint32Array {
    if (this.#words.buffer !== this.memory.buffer) this.#words = new Uint32Array(this.memory.buffer);
    return this.#words;
  }

  // index of the first start greater than `address`
  #after(address: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // first fit, lowest address first: the same calls give the same addresses
  #takeFree(size: number): number | undefined {
    const index = this.#free.findIndex((hole) => hole.size >= size);
    const hole = this.#free[index];
    if (!hole) return undefined;
    const { start } = hole;
    if (hole.size === size) this.#free.splice(index, 1);
    else this.#free[index] = { start: start + size, size: hole.size - size };
    return start;
  }

  #extend(size: number, requested: number): number {
    const end = this.#top + size;
    const current = this.memory.buffer.byteLength;
    if (end > current) {
      if (end > this.#limit) throw new OutOfMemoryError(requested, this.#used, this.#limit);
      if (this.#loans > 0) throw new BusyError("memory cannot grow while a view is lent: allocate first");
      // half as much again, to grow rarely; only what is needed when that is refused
      const wanted = Math.min(Math.max(end, current + (current >> 1)), this.#limit);
      if (!this.#grow(wanted) && !this.#grow(end)) throw new OutOfMemoryError(requested, this.#used, this.#limit);
    }
    const start = this.#top;
    this.#top = end;
    return start;
  }

  #grow(end: number): boolean {
    const pages = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    try {
      this.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  #giveBack(start: number, size: number): void {
    const free = this.#free;
    let index = free.findIndex((hole) => hole.start > start);
    if (index < 0) index = free.length;
    const before = free[index - 1];
    const after = free[index];
    let hole = { start, size };
    if (after && start + size === after.start) {
      hole = { start, size: size + after.size };
      free.splice(index, 1);
    }
    if (before && before.start + before.size === start) {
      hole = { start: before.start, size: before.size + hole.size };
      free.splice(index - 1, 1);
      index--;
    }
    if (hole.start + hole.size === this.#top) this.#top = hole.start;
    else free.splice(index, 0, hole);
  }

  #fillTail(address: number, bytes: number, end: number): void {
    const tail = new Uint8Array(this.memory.buffer, address + bytes, end - address - bytes);
    for (let i = 0; i < tail.length; i++) tail[i] = (GUARD_WORD >>> (((address + bytes + i) & 3) * 8)) & 255;
  }

  #intact({ start, size, bytes }: Block): boolean {
    const words = this.words();
    const address = start + LINE;
    for (let i = start >> 2; i < address >> 2; i++) if (words[i] !== GUARD_WORD) return false;
    const firstWhole = Math.ceil((address + bytes) / 4);
    for (let i = firstWhole; i < (start + size) >> 2; i++) if (words[i] !== GUARD_WORD) return false;
    const tail = new Uint8Array(this.memory.buffer, address + bytes, firstWhole * 4 - address - bytes);
    for (let i = 0; i < tail.length; i++) {
      if (tail[i] !== ((GUARD_WORD >>> (((address + bytes + i) & 3) * 8)) & 255)) return false;
    }
    return true;
  }
}
