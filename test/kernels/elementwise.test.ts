// The public face of the elementwise functions: each calls its own kernel, in place or not, and refuses what does not fit.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cos, exp, log, sigmoid, sin, softplus, swish, tanh } from "../../src/kernels/index.js";
import { functions, ulps } from "../oracle/elementwise.js";
import { runtime } from "../support/runtime.js";

const faces = { cos, exp, log, sigmoid, sin, softplus, swish, tanh };

const elementwise = suite("elementwise");

elementwise("each function computes what its name says", () => {
  const x = runtime.tensor([2, 3]);
  const out = runtime.tensor([6]);
  for (const [name, face] of Object.entries(faces) as [keyof typeof faces, typeof exp][]) {
    x.write([0.25, 0.5, 1, 2, 3, 4]);
    face(runtime, out, x);
    const exact = x.read().map(functions[name]);
    out.view.forEach((y, i) => {
      assert.ok(ulps(exact[i] as number, y) <= 2.5, `${name}: ${y}`);
    });
    face(runtime, x, x);
    assert.equal(x.read(), out.read());
  }
  out.dispose();
  x.dispose();
});

elementwise("sizes and kinds that do not fit are refused", () => {
  const x = runtime.tensor([3]);
  const short = runtime.tensor([2]);
  const integers = runtime.tensor([3], "i32");
  const fails = (action: () => void, kind: typeof TypeError | typeof RangeError, text: string): void =>
    assert.throws(action, (error: unknown) => error instanceof kind && error.message === text);
  fails(() => exp(runtime, short, x), RangeError, 'exp: "out" expected 3 elements, got 2');
  fails(
    () => log(runtime, x, integers as never),
    TypeError,
    'log: "x" expected a tensor of f32, got an object (Tensor)',
  );
  fails(
    () => swish(runtime, new Float32Array(3) as never, x),
    TypeError,
    'swish: "out" expected a tensor of f32, got Float32Array(3)',
  );
  integers.dispose();
  short.dispose();
  x.dispose();
  assert.throws(() => tanh(runtime, x, x), /disposed/);
});

elementwise.run();
