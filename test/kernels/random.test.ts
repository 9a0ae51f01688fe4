// RandomStream: what it draws is a function of (seed, name, fill), its state travels as JSON, integers and permutations are
// unbiased, and misuse is told plainly. Seeds are fixed, so that nothing fails by chance.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Json } from "../../src/types.js";
import { RandomStream, streamNumber } from "../../src/kernels/index.js";
import type { Tensor } from "../../src/wasm/index.js";
import { philoxWords } from "../oracle/philox.js";
import { runtime } from "../support/runtime.js";

/** Calls `use` with a stream that is disposed of afterwards. */
function withStream<R>(seed: number, name: string, use: (stream: RandomStream) => R): R {
  const stream = new RandomStream(runtime, seed, name);
  try {
    return use(stream);
  } finally {
    stream.dispose();
  }
}

/** The next n words of a stream. */
function words(stream: RandomStream, n: number): number[] {
  const out = runtime.tensor([n], "u32");
  stream.bits(out);
  const values = [...out.view];
  out.dispose();
  return values;
}

/** Chi-square of counts that should be equal. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

const random = suite("RandomStream");

random("stream numbers are FNV-1a", () => {
  assert.is(streamNumber(""), 0x811c9dc5);
  assert.is(streamNumber("a"), 0xe40c292c);
  assert.is(streamNumber("foobar"), 0xbf9cf968);
});

random("each fill is the twin's, with seed, name and number of the fill as the counter says", () => {
  const seed = 5 * 2 ** 32 + 7;
  withStream(seed, "cem", (stream) => {
    for (let step = 0; step < 4; step++) {
      const expected = philoxWords(21, { seedLo: 7, seedHi: 5, stream: streamNumber("cem"), step, sample: 0 });
      assert.equal(words(stream, 21), expected);
    }
  });
});

random("after 2^32 fills the count carries into the next counter word", () => {
  withStream(3, "x", (stream) => {
    stream.load({ seed: 3, name: "x", fills: 2 ** 32 - 1 });
    const key = { seedLo: 3, seedHi: 0, stream: streamNumber("x") };
    assert.equal(words(stream, 5), philoxWords(5, { ...key, step: 2 ** 32 - 1, sample: 0 }));
    assert.equal(words(stream, 5), philoxWords(5, { ...key, step: 0, sample: 1 }));
  });
});

random("a stream loaded from JSON text continues as the one that was saved", () => {
  withStream(11, "policy", (stream) => {
    words(stream, 3);
    stream.permutation(new Uint32Array(100));
    stream.integer(10);
    const text = JSON.stringify(stream.save());
    const expected = [words(stream, 40), [...stream.permutation(new Uint32Array(50))], stream.integer(1000)];
    withStream(0, "other", (copy) => {
      copy.load(JSON.parse(text) as Json);
      assert.equal([words(copy, 40), [...copy.permutation(new Uint32Array(50))], copy.integer(1000)], expected);
      assert.equal([copy.seed, copy.name], [11, "policy"]);
    });
  });
});

random("what another stream draws changes nothing", () => {
  const alone = withStream(1, "a", (a) => [words(a, 8), words(a, 8)]);
  const beside = withStream(1, "a", (a) =>
    withStream(1, "b", (b) => {
      words(b, 100);
      const first = words(a, 8);
      b.integer(9);
      return [first, words(a, 8)];
    }),
  );
  assert.equal(beside, alone);
});

random("streams of other names and seeds are uncorrelated", () => {
  const n = 50_000;
  const normals = (seed: number, name: string): Float32Array =>
    withStream(seed, name, (stream) => {
      const out = runtime.tensor([n]);
      stream.normal(out);
      const values = out.read();
      out.dispose();
      return values;
    });
  const base = normals(1, "a");
  for (const other of [normals(1, "b"), normals(2, "a"), normals(2 ** 32 + 1, "a")]) {
    const product = base.reduce((sum, z, i) => sum + z * (other[i] as number), 0);
    assert.ok(Math.abs(product) < 4 * Math.sqrt(n), `${product}`);
  }
});

random("uniform, normal and truncated normal fill the whole tensor within their bounds", () => {
  withStream(4, "bounds", (stream) => {
    const out = runtime.tensor([7, 11]);
    const check = (fill: (out: Tensor) => void, within: (value: number) => boolean): void => {
      out.view.fill(Number.NaN);
      fill(out);
      assert.ok(out.view.every(within));
    };
    check(
      (t) => stream.uniform(t),
      (u) => u > 0 && u < 1,
    );
    check(
      (t) => stream.normal(t),
      (z) => Math.abs(z) < 5.78,
    );
    check(
      (t) => stream.truncatedNormal(t),
      (z) => Math.abs(z) <= 2,
    );
    out.dispose();
  });
});

random("integers are unbiased, also where 2^32 is far from a multiple", () => {
  withStream(6, "integer", (stream) => {
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const k = stream.integer(7);
      counts[k] = (counts[k] as number) + 1;
    }
    // 6 degrees of freedom: below 27.9 with probability 1 − 1e-4
    assert.ok(chiSquare(counts) < 27.9, String(counts));
    // a plain remainder would put half of the numbers below 2^30 instead of a third
    const thirds = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const third = Math.floor(stream.integer(3 * 2 ** 30) / 2 ** 30);
      thirds[third] = (thirds[third] as number) + 1;
    }
    assert.ok(chiSquare(thirds) < 18.4, String(thirds));
    assert.is(stream.integer(1), 0);
    assert.ok(stream.integer(2 ** 32) < 2 ** 32);
  });
});

random("all 24 permutations of four are equally likely", () => {
  withStream(8, "permutation", (stream) => {
    const counts = new Map<string, number>();
    const out = new Int32Array(4);
    for (let i = 0; i < 24_000; i++) {
      const key = stream.permutation(out).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.is(counts.size, 24);
    // 23 degrees of freedom: below 55.5 with probability 1 − 1e-4
    assert.ok(chiSquare([...counts.values()]) < 55.5);
  });
});

random("a permutation holds every index once, whatever its length", () => {
  withStream(9, "permutation", (stream) => {
    for (const n of [0, 1, 2, 3, 63, 64, 65, 1000]) {
      const sorted = stream.permutation(new Uint32Array(n)).sort();
      assert.equal(
        [...sorted],
        Array.from({ length: n }, (_, i) => i),
      );
    }
  });
});

random("misuse is told plainly and changes nothing", () => {
  const message = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
    return "nothing thrown";
  };
  withStream(1, "a", (stream) => {
    const before = JSON.stringify(stream.save());
    const f32 = runtime.tensor([2]);
    const u32 = runtime.tensor([2], "u32");
    assert.is(
      message(() => stream.normal(u32 as unknown as Tensor)),
      'RangeError: RandomStream.normal: "out" expected a tensor of f32, got "u32"',
    );
    assert.match(
      message(() => stream.bits(f32 as unknown as Tensor<"u32">)),
      /"out" expected a tensor of u32/,
    );
    assert.match(
      message(() => stream.uniform(new Float32Array(2) as never)),
      /^TypeError.*"out" expected a tensor/,
    );
    assert.match(
      message(() => stream.integer(0)),
      /^RangeError: RandomStream.integer: "n" expected an integer/,
    );
    assert.match(
      message(() => stream.integer(1.5)),
      /^RangeError/,
    );
    assert.match(
      message(() => stream.load(null)),
      /^TypeError: RandomStream.load: "state" expected an object/,
    );
    assert.match(
      message(() => stream.load({ seed: -1, name: "a", fills: 0 })),
      /"seed" expected an integer/,
    );
    assert.match(
      message(() => stream.load({ seed: 1, name: 2, fills: 0 })),
      /"name" expected a string/,
    );
    assert.match(
      message(() => stream.load({ seed: 1, name: "a" })),
      /"fills" expected an integer/,
    );
    assert.match(
      message(() => new RandomStream(runtime, -1, "a")),
      /^RangeError: RandomStream: "seed"/,
    );
    assert.match(
      message(() => new RandomStream(runtime, 2 ** 53, "a")),
      /^RangeError: RandomStream: "seed"/,
    );
    assert.is(JSON.stringify(stream.save()), before);
    u32.dispose();
    f32.dispose();
  });
});

random("dispose gives back all memory, once", () => {
  const before = runtime.memoryUsage();
  const stream = new RandomStream(runtime, 1, "a");
  stream.dispose();
  stream.dispose();
  assert.equal(runtime.memoryUsage(), before);
  assert.throws(() => stream.integer(3));
});

random.run();
