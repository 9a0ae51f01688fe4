// Philox and its distributions: known answers, equality with the twin, dependence on nothing but element and key, moments,
// goodness of fit. All seeds are fixed, so that nothing fails by chance.

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Counter,
  normalCdf,
  normalsOf,
  philoxBlock,
  philoxWords,
  truncatedNormalOf,
  uniformOf,
} from "../oracle/philox.js";
import { runtime, runtimes } from "../support/runtime.js";

const kernels = ["philox_bits", "random_uniform", "random_normal", "random_truncated_normal"] as const;
type Kernel = (typeof kernels)[number];

const seed = 20_241;
const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100];
const word = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const counters: fc.Arbitrary<Counter> = fc.record({
  seedLo: word,
  seedHi: word,
  stream: word,
  step: word,
  sample: word,
});
const zero: Counter = { seedLo: 0, seedHi: 0, stream: 0, step: 0, sample: 0 };
const some: Counter = { seedLo: 1, seedHi: 2, stream: 3, step: 4, sample: 5 };

/** The bits of n elements from element `first` on; the buffer holds NaN before. */
function bits(on: typeof runtime, kernel: Kernel, n: number, c: Counter, first = 0): Uint32Array {
  const out = on.tensor([n], "u32");
  out.view.fill(0x7fc0dead);
  on.kernels[kernel](out.address, n, first, c.seedLo, c.seedHi, c.stream, c.step, c.sample);
  const values = out.read();
  out.dispose();
  return values;
}

/** n numbers of a distribution. */
function draw(kernel: Kernel, n: number, c: Counter): Float32Array {
  return new Float32Array(bits(runtime, kernel, n, c).buffer);
}

/** Means of the powers 1 to 4. */
function moments(values: Float32Array): number[] {
  const sums = [0, 0, 0, 0];
  for (const x of values) {
    let power = x;
    for (let order = 0; order < 4; order++, power *= x) sums[order] = (sums[order] as number) + power;
  }
  return sums.map((sum) => sum / values.length);
}

/** Kolmogorov's statistic, √n times the largest distance between the empirical distribution function and `cdf`. */
function kolmogorov(values: Float32Array, cdf: (z: number) => number): number {
  const sorted = values.slice().sort();
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    distance = Math.max(distance, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  });
  return distance * Math.sqrt(sorted.length);
}
// exceeded with probability 1e-4
const KOLMOGOROV_LIMIT = 2.225;

/** Chi-square of counts that should be equal. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

const random = suite("random");

random("the twin gives the published answers", () => {
  const one = 2 ** 32 - 1;
  assert.equal(philoxBlock([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assert.equal(philoxBlock([one, one, one, one], [one, one]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  assert.equal(
    philoxBlock([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

random("the kernel gives the published first block", () => {
  for (const [, on] of runtimes) {
    assert.equal([...bits(on, "philox_bits", 4, zero)], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  }
});

random("bits equal the twin's for any key, counter and length", () => {
  for (const [, on] of runtimes) {
    fc.assert(
      fc.property(counters, fc.constantFrom(...sizes), (c, n) => {
        assert.equal([...bits(on, "philox_bits", n, c)], philoxWords(n, c));
      }),
      { seed, numRuns: 60 },
    );
  }
});

random("an element does not depend on how many are drawn, nor on the binary", () => {
  for (const kernel of kernels) {
    const all = bits(runtime, kernel, 1000, some);
    for (const [, on] of runtimes) {
      for (const n of sizes) assert.equal([...bits(on, kernel, n, some)], [...all.subarray(0, n)], `${kernel} ${n}`);
    }
  }
});

random("parts of a fill, each begun at a multiple of 16, have the bits of the whole", () => {
  const whole = kernels.map((kernel) => bits(runtime, kernel, 1000, some));
  for (const [, on] of runtimes) {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 40 }), (sixteens, n) => {
        for (const [k, kernel] of kernels.entries()) {
          const first = 16 * sixteens;
          assert.equal([...bits(on, kernel, n, some, first)], [...whole[k]!.subarray(first, first + n)], kernel);
        }
      }),
      { seed, numRuns: 60 },
    );
    // the index of an element is a number without sign
    const last = 2 ** 32 - 16;
    assert.equal([...bits(on, "philox_bits", 5, some, last)], philoxWords(5, some, last / 4));
  }
});

random("every word of key and counter matters", () => {
  const base = bits(runtime, "philox_bits", 4, zero);
  for (const name of Object.keys(zero)) {
    for (const value of [1, 2 ** 31]) {
      const other = bits(runtime, "philox_bits", 4, { ...zero, [name]: value });
      assert.not.equal([...other], [...base], `${name} = ${value}`);
    }
  }
});

random("uniform equals the twin to the bit and stays inside (0, 1)", () => {
  const n = 50_000;
  const words = bits(runtime, "philox_bits", n, some);
  const values = draw("random_uniform", n, some);
  values.forEach((u, i) => {
    if (u !== uniformOf(words[i] as number) || u <= 0 || u >= 1) assert.unreachable(`element ${i} is ${u}`);
  });
  assert.is(Math.fround(uniformOf(0)), 2 ** -24);
  assert.is(Math.fround(uniformOf(2 ** 32 - 1)), 1 - 2 ** -24);
});

random("normal equals the twin's Box–Muller within 5e-7", () => {
  const n = 50_000;
  const words = bits(runtime, "philox_bits", n, some);
  const values = draw("random_normal", n, some);
  let worst = 0;
  for (let i = 0; i < n; i += 2) {
    const pair = normalsOf(words[i] as number, words[i + 1] as number);
    for (let j = 0; j < 2; j++) {
      const exact = pair[j] as number;
      worst = Math.max(worst, Math.abs((values[i + j] as number) - exact) / Math.abs(exact));
    }
  }
  assert.ok(worst < 5e-7, `relative error ${worst}`);
});

random("truncated normal equals the inverse distribution function within 5e-7", () => {
  const n = 20_000;
  const words = bits(runtime, "philox_bits", n, some);
  const values = draw("random_truncated_normal", n, some);
  let worst = 0;
  for (let i = 0; i < n; i++) {
    const exact = truncatedNormalOf(words[i] as number);
    worst = Math.max(worst, Math.abs((values[i] as number) - exact) / Math.abs(exact));
  }
  assert.ok(worst < 5e-7, `relative error ${worst}`);
});

random("uniform: Kolmogorov and moments", () => {
  for (let seedLo = 0; seedLo < 5; seedLo++) {
    const n = 100_000;
    const values = draw("random_uniform", n, { ...zero, seedLo });
    assert.ok(kolmogorov(values, (u) => u) < KOLMOGOROV_LIMIT);
    const [mean, square] = moments(values) as [number, number];
    assert.ok(Math.abs(mean - 1 / 2) < 4 * Math.sqrt(1 / 12 / n));
    assert.ok(Math.abs(square - 1 / 3) < 4 * Math.sqrt(4 / 45 / n));
  }
});

random("normal: Kolmogorov, moments and independence of neighbours", () => {
  for (let seedLo = 0; seedLo < 5; seedLo++) {
    const n = 100_000;
    const values = draw("random_normal", n, { ...zero, seedLo, stream: 7 });
    assert.ok(kolmogorov(values, normalCdf) < KOLMOGOROV_LIMIT);
    const [mean, square, cube, fourth] = moments(values) as [number, number, number, number];
    // variances of z, z², z³, z⁴ are 1, 2, 15, 96
    assert.ok(Math.abs(mean) < 4 * Math.sqrt(1 / n));
    assert.ok(Math.abs(square - 1) < 4 * Math.sqrt(2 / n));
    assert.ok(Math.abs(cube) < 4 * Math.sqrt(15 / n));
    assert.ok(Math.abs(fourth - 3) < 4 * Math.sqrt(96 / n));
    for (const lag of [1, 2, 3, 4, 16]) {
      let product = 0;
      for (let i = lag; i < n; i++) product += (values[i] as number) * (values[i - lag] as number);
      assert.ok(Math.abs(product) < 4 * Math.sqrt(n), `lag ${lag}`);
    }
  }
});

random("normal: the tails out to 5σ are as full as they should be", () => {
  const n = 2_000_000;
  const counts = [0, 0, 0, 0, 0, 0];
  for (let step = 0; step < 5; step++) {
    for (const z of draw("random_normal", n, { ...zero, step, stream: 9 })) {
      for (let sigma = 3; sigma <= 5; sigma++) {
        if (Math.abs(z) > sigma) counts[sigma] = (counts[sigma] as number) + 1;
      }
      if (Math.abs(z) > 5.78) assert.unreachable(`${z}`);
    }
  }
  for (let sigma = 3; sigma <= 5; sigma++) {
    const expected = 5 * n * 2 * normalCdf(-sigma);
    assert.ok(
      Math.abs((counts[sigma] as number) - expected) < 4 * Math.sqrt(expected),
      `${counts[sigma]} beyond ${sigma}`,
    );
  }
});

random("truncated normal: Kolmogorov, variance, bounds", () => {
  const low = normalCdf(-2);
  for (let seedLo = 0; seedLo < 5; seedLo++) {
    const n = 100_000;
    const values = draw("random_truncated_normal", n, { ...zero, seedLo });
    assert.ok(kolmogorov(values, (z) => (normalCdf(z) - low) / (1 - 2 * low)) < KOLMOGOROV_LIMIT);
    const [mean, square] = moments(values) as [number, number];
    // variance and fourth moment of the truncated distribution are 0.77374 and 1.41615
    assert.ok(Math.abs(mean) < 4 * Math.sqrt(0.77374 / n));
    assert.ok(Math.abs(square - 0.77374) < 4 * Math.sqrt((1.41615 - 0.77374 ** 2) / n));
    assert.ok(values.every((z) => Math.abs(z) <= 2));
  }
});

random("the bytes of the bits are equally likely", () => {
  const counts = new Array<number>(256).fill(0);
  for (const byte of new Uint8Array(bits(runtime, "philox_bits", 100_000, some).buffer)) {
    counts[byte] = (counts[byte] as number) + 1;
  }
  // 255 degrees of freedom: below 347 with probability 1 − 1e-4
  assert.ok(chiSquare(counts) < 347);
});

random.run();
