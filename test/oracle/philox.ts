// Philox4x32-10 in BigInt arithmetic, written from the paper, and what is made of its bits in float64.

const MASK = 0xffffffffn;

/** One block: four 32-bit words from a counter of four and a key of two. */
export function philoxBlock(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map((word) => BigInt(word)) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map((word) => BigInt(word)) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & MASK, (p0 >> 32n) ^ c3 ^ k1, p0 & MASK];
    k0 = (k0 + 0x9e3779b9n) & MASK;
    k1 = (k1 + 0xbb67ae85n) & MASK;
  }
  return [c0, c1, c2, c3].map(Number);
}

/** What a fill is a function of. */
export interface Counter {
  seedLo: number;
  seedHi: number;
  stream: number;
  step: number;
  sample: number;
}

/** Words 4 · block … 4 · block + n − 1 of a fill. */
export function philoxWords(n: number, { seedLo, seedHi, stream, step, sample }: Counter, block = 0): number[] {
  const words: number[] = [];
  for (; words.length < n; block++) words.push(...philoxBlock([block, sample, step, stream], [seedLo, seedHi]));
  return words.slice(0, n);
}

/** The uniform number of a word. */
export function uniformOf(word: number): number {
  return (Math.floor(word / 512) + 0.5) / 2 ** 23;
}

/** The two normals of a pair of words (Box and Muller). */
export function normalsOf(first: number, second: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(uniformOf(first)));
  const angle = (2 * Math.PI * second) / 2 ** 32;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** Distribution function of the standard normal, by its power series (|z| < 6: error below 1e-13). */
export function normalCdf(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 400; k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The standard normal truncated to [−2, 2] of a word: its distribution function inverted by Newton's method. */
export function truncatedNormalOf(word: number): number {
  const low = normalCdf(-2);
  const target = low + uniformOf(word) * (1 - 2 * low);
  let z = 0;
  for (let step = 0; step < 60; step++) {
    const change = ((normalCdf(z) - target) * Math.sqrt(2 * Math.PI)) / Math.exp((-z * z) / 2);
    z = Math.min(2, Math.max(-2, z - change));
    if (Math.abs(change) < 1e-15) break;
  }
  return z;
}
