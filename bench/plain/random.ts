// The fastest random numbers that plain JavaScript is known to make: sfc32 (Doty-Humphrey), whose state stays in local
// variables through a fill, and normals from it by Marsaglia's polar method and by the ziggurat of Marsaglia and Tsang
// (2000) with 256 layers; truncated normals by drawing again. Peers of the benches. Speed asks for some repetition, and for
// loops whose length is a constant: with `out.length` in their place the ziggurat takes twice as long.

/** Four words, the state of sfc32. */
export type State = Int32Array;

const TWO_32 = 2 ** 32;
const RIGHT = 3.6541528853610088;
const AREA = 0.00492867323399;

const edges = new Uint32Array(256);
const widths = new Float64Array(256);
const heights = new Float64Array(256);
buildLayers();

function buildLayers(): void {
  const density = (x: number): number => Math.exp(-0.5 * x * x);
  let right = RIGHT;
  const bottom = AREA / density(RIGHT);
  edges[0] = (RIGHT / bottom) * 2 ** 31;
  widths[0] = bottom / 2 ** 31;
  widths[255] = RIGHT / 2 ** 31;
  heights[0] = 1;
  heights[255] = density(RIGHT);
  for (let i = 254; i >= 1; i--) {
    const x = Math.sqrt(-2 * Math.log(AREA / right + density(right)));
    edges[i + 1] = (x / right) * 2 ** 31;
    widths[i] = x / 2 ** 31;
    heights[i] = density(x);
    right = x;
  }
}

function next(state: State): number {
  const a = state[0]! | 0;
  const b = state[1]! | 0;
  const c = state[2]! | 0;
  const d = state[3]! | 0;
  const word = (((a + b) | 0) + d) | 0;
  state[0] = b ^ (b >>> 9);
  state[1] = (c + (c << 3)) | 0;
  state[2] = (((c << 21) | (c >>> 11)) + word) | 0;
  state[3] = (d + 1) | 0;
  return word;
}

function store(state: State, a: number, b: number, c: number, d: number): void {
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

function uniform(state: State): number {
  return ((next(state) >>> 0) + 0.5) / TWO_32;
}

// what the ziggurat does in one draw of a hundred: `word` does not lie in the inner part of its layer
function outside(word: number, state: State): number {
  for (;;) {
    const layer = word & 255;
    const x = word * widths[layer]!;
    if (Math.abs(word) < edges[layer]!) return x;
    if (layer === 0) {
      let beyond: number;
      let y: number;
      do {
        beyond = -Math.log(uniform(state)) / RIGHT;
        y = -Math.log(uniform(state));
      } while (y + y < beyond * beyond);
      return word > 0 ? RIGHT + beyond : -RIGHT - beyond;
    }
    const height = heights[layer]! + uniform(state) * (heights[layer - 1]! - heights[layer]!);
    if (height < Math.exp(-0.5 * x * x)) return x;
    word = next(state);
  }
}

/** Uniform numbers in (0, 1). */
export function plainUniform(out: Float32Array, state: State): void {
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  const n = out.length;
  for (let i = 0; i < n; i++) {
    const word = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    out[i] = ((word >>> 9) + 0.5) * 2 ** -23;
  }
  store(state, a, b, c, d);
}

/** Standard normals by the polar method; the length is even. */
export function plainPolar(out: Float32Array, state: State): void {
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  const n = out.length;
  for (let i = 0; i < n; i += 2) {
    let x: number;
    let y: number;
    let square: number;
    do {
      const first = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + first) | 0;
      const second = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + second) | 0;
      x = first * 2 ** -31;
      y = second * 2 ** -31;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    out[i] = x * factor;
    out[i + 1] = y * factor;
  }
  store(state, a, b, c, d);
}

/** Standard normals by the ziggurat. */
export function plainZiggurat(out: Float32Array, state: State): void {
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  const n = out.length;
  for (let i = 0; i < n; i++) {
    const word = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    const layer = word & 255;
    if (Math.abs(word) < edges[layer]!) out[i] = word * widths[layer]!;
    else {
      store(state, a, b, c, d);
      out[i] = outside(word, state);
      a = state[0]! | 0;
      b = state[1]! | 0;
      c = state[2]! | 0;
      d = state[3]! | 0;
    }
  }
  store(state, a, b, c, d);
}

/** Standard normals in [−2, 2], by the ziggurat: others are overwritten. */
export function plainTruncated(out: Float32Array, state: State): void {
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  const n = out.length;
  for (let i = 0; i < n;) {
    const word = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    const layer = word & 255;
    let x = word * widths[layer]!;
    if (Math.abs(word) >= edges[layer]!) {
      store(state, a, b, c, d);
      x = outside(word, state);
      a = state[0]! | 0;
      b = state[1]! | 0;
      c = state[2]! | 0;
      d = state[3]! | 0;
    }
    out[i] = x;
    if (Math.abs(x) <= 2) i++;
  }
  store(state, a, b, c, d);
}

/** Standard normals as programs write them: the polar method on `Math.random`, one pair at a time. The length is even. */
export function usualNormal(out: Float32Array): void {
  for (let i = 0; i < out.length; i += 2) [out[i], out[i + 1]] = usualPair();
}

/** Standard normals in [−2, 2] as programs write them: those that lie there. */
export function usualTruncated(out: Float32Array): void {
  for (let filled = 0; filled < out.length;) {
    for (const z of usualPair()) if (Math.abs(z) <= 2 && filled < out.length) out[filled++] = z;
  }
}

function usualPair(): [number, number] {
  for (;;) {
    const x = 2 * Math.random() - 1;
    const y = 2 * Math.random() - 1;
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    return [x * factor, y * factor];
  }
}
