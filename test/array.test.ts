import fc from "fast-check";
import ndarray from "ndarray";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { toFloat32 } from "../src/array.js";
import type { NumericInput } from "../src/types.js";

const test = suite("array");
const numbers = (n: number) => Float64Array.from({ length: n }, (_, i) => i + 0.5);

// element by element through ndarray's own accessors
function readByGet(view: ndarray.NdArray): number[] {
  const out: number[] = [];
  const visit = (index: number[]): void => {
    if (index.length === view.shape.length) out.push(view.get(...index));
    else for (let i = 0; i < (view.shape[index.length] as number); i++) visit([...index, i]);
  };
  visit([]);
  return out;
}

const pack = (input: NumericInput, shape: number[], out?: Float32Array) => toFloat32("op", "x", input, shape, out);

test("flat inputs", () => {
  const own = Float32Array.of(1, 2, 3, 4);
  assert.is(pack(own, [2, 2]), own);
  const out = new Float32Array(4);
  assert.is(pack(own, [4], out), out);
  assert.equal(out, own);
  assert.equal(pack(Float64Array.of(0.1, 2), [2]), Float32Array.of(0.1, 2));
  assert.equal([...pack([1, Number.NaN], [2, 1])].map(String), ["1", "NaN"]);
  assert.equal(pack([], [0, 3]), new Float32Array(0));
});

test("ndarrays: transposed, stepped, offset, reversed, picked, sliced", () => {
  const base = ndarray(numbers(4 * 5 * 6), [4, 5, 6]);
  const views = {
    whole: base,
    transposed: base.transpose(2, 0, 1),
    offset: base.lo(1, 2, 3),
    sliced: base.lo(1, 1, 1).hi(2, 3, 4),
    stepped: base.step(2, 2, 3),
    reversed: base.step(-1, 1, -2),
    picked: base.pick(null, 3, null),
    row: base.pick(2, null, 5),
    scalar: base.pick(1, 2, 3),
    everything: base.lo(1, 0, 2).step(-1, 2, -1).transpose(1, 2, 0),
    empty: base.hi(0, 5, 6),
  };
  for (const [name, view] of Object.entries(views)) {
    assert.equal([...pack(view, view.shape)], readByGet(view), name);
  }
});

test("any chain of ndarray views reads like ndarray's own get", () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("transpose" as const), by: fc.nat(5) }),
    fc.record({ kind: fc.constant("lo" as const), by: fc.nat(2) }),
    fc.record({ kind: fc.constant("hi" as const), by: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant("step" as const), by: fc.constantFrom(-3, -2, -1, 2, 3) }),
  );
  const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(shape, fc.array(operation, { maxLength: 5 }), (sizes, operations) => {
      const size = sizes.reduce((a, b) => a * b, 1);
      let view: ndarray.NdArray<Float64Array> = ndarray(numbers(size), sizes);
      for (const { kind, by } of operations) {
        const axes = view.shape.map((_, i) => i);
        if (kind === "transpose")
          view = view.transpose(...axes.slice(by % axes.length), ...axes.slice(0, by % axes.length));
        else if (kind === "lo") view = view.lo(...view.shape.map((n) => Math.min(by, n - 1)));
        else if (kind === "hi") view = view.hi(...view.shape.map((n) => Math.min(by, n)));
        else view = view.step(...view.shape.map((n, i) => (i % 2 === 0 && n > 0 ? by : 1)));
      }
      assert.equal([...pack(view, view.shape)], readByGet(view));
    }),
    { numRuns: 1000 },
  );
});

test("plain strided objects: default stride and offset, broadcast, out", () => {
  assert.equal(pack({ data: [1, 2, 3, 4, 5, 6], shape: [2, 3] }, [2, 3]), Float32Array.of(1, 2, 3, 4, 5, 6));
  assert.equal(pack({ data: Uint8Array.of(9, 7), shape: [2], offset: 0 }, [2]), Float32Array.of(9, 7));
  const out = new Float32Array(4);
  assert.is(pack({ data: [3, 8], shape: [2, 2], stride: [0, 1] }, [2, 2], out), out);
  assert.equal(out, Float32Array.of(3, 8, 3, 8));
});

test("wrong shapes say what was expected and what came", () => {
  const refuses = (input: unknown, shape: number[], text: string, kind: typeof TypeError | typeof RangeError) =>
    assert.throws(
      () => toFloat32("cem.plan", "observation", input as NumericInput, shape),
      (error: Error) => error.constructor === kind && error.message === text,
      text,
    );
  const at = 'cem.plan: "observation';
  refuses(new Float32Array(11), [17], `${at}" expected shape [17], got [11]`, RangeError);
  refuses([1, 2, 3], [2, 2], `${at}" expected shape [2, 2], got [3]`, RangeError);
  refuses(ndarray(numbers(6), [3, 2]), [2, 3], `${at}" expected shape [2, 3], got [3, 2]`, RangeError);
  refuses(ndarray(numbers(6), [6]), [2, 3], `${at}" expected shape [2, 3], got [6]`, RangeError);
  const kinds = "numbers (Float32Array, Float64Array, number[], or a strided view)";
  for (const [input, got] of [
    [null, "null"],
    [undefined, "undefined"],
    [3, "3"],
    ["ab", '"ab"'],
    [{}, "an object (Object)"],
    [Int32Array.of(1), "Int32Array(1)"],
  ] as const) {
    refuses(input, [1], `${at}" expected ${kinds}, got ${got}`, TypeError);
  }
  refuses([1, "2"], [2], `${at}[1]" expected a number, got "2"`, TypeError);
  refuses([[1], [2]], [2], `${at}[0]" expected a number, got an array of 1`, TypeError);
  refuses({ data: 5, shape: [1] }, [1], `${at}.data" expected a typed array or number[], got 5`, TypeError);
  refuses(
    { data: [1], shape: [1], stride: [1, 1] },
    [1],
    `${at}.stride" expected 1 integers, got an array of 2`,
    RangeError,
  );
  refuses({ data: [1], shape: [1], offset: 0.5 }, [1], `${at}.offset" expected an integer, got 0.5`, RangeError);
});

test("a view never reads outside its data", () => {
  const outside = (view: object) =>
    assert.throws(() => pack(view as NumericInput, [2, 2]), /reaches elements -?\d+ to -?\d+ of data with 4 elements/);
  const data = [1, 2, 3, 4];
  outside({ data, shape: [2, 2], offset: 1 });
  outside({ data, shape: [2, 2], offset: -1 });
  outside({ data, shape: [2, 2], stride: [-2, 1] });
  outside({ data, shape: [2, 2], stride: [3, 1] });
});

test("an out of another size is refused", () => {
  assert.throws(() => pack([1, 2], [2], new Float32Array(3)), /"out" expected 2 elements, got Float32Array\(3\)/);
});

test.run();
