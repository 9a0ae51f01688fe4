// Batches and advantages at their public edge.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { advantages, createBatch, standardizeAdvantages } from "../../src/learning/index.js";
import { runtime } from "../support/runtime.js";

const test = suite("advantages");

test("a time limit keeps its future, a termination has none, and `bootstrap: false` ends both", () => {
  runtime.scoped((scope) => {
    const batch = createBatch(scope, { T: 2, B: 2, D: 1, A: 1, Aenv: 1 });
    assert.equal([...batch.valid.read()], [1, 1, 1, 1]);
    batch.reward.write([1, 1, 1, 1]);
    // trajectory 0 is cut off by the batch, trajectory 1 terminates
    batch.ended.write([0, 0, 1, 1]);
    batch.terminated.write([0, 0, 0, 1]);
    const tensor = (...values: number[]) => scope.tensor([4]).write(values);
    const values = { value: tensor(0, 0, 0, 0), nextValue: tensor(0, 0, 8, 8) };
    const out = { advantage: tensor(0, 0, 0, 0), target: tensor(0, 0, 0, 0) };
    advantages(runtime, out, batch, values, { gamma: 0.5, lambda: 1 });
    assert.equal([...out.advantage.read()], [1 + 0.5 * 5, 1 + 0.5, 5, 1]);
    advantages(runtime, out, batch, values, { gamma: 0.5, lambda: 1, bootstrap: false });
    assert.equal([...out.advantage.read()], [1.5, 1.5, 1, 1]);
    assert.equal(out.target.read(), out.advantage.read());
    scope.dispose();
  });
});

test("arguments are checked", () => {
  runtime.scoped((scope) => {
    const batch = createBatch(scope, { T: 2, B: 2, D: 1, A: 1, Aenv: 1 });
    const [four, three] = [scope.tensor([4]), scope.tensor([3])];
    const out = { advantage: four, target: four };
    const values = { value: four, nextValue: four };
    const wrong = (message: RegExp, ...[o, v, options]: [object, object, object]) =>
      assert.throws(() => advantages(runtime, o as never, batch, v as never, options as never), message);
    wrong(/advantages: "gamma" expected a finite number in \[0, 1\], got 1.1/, out, values, { gamma: 1.1, lambda: 1 });
    wrong(/"lambda"/, out, values, { gamma: 1, lambda: Number.NaN });
    wrong(/unknown option "gama"/, out, values, { gama: 1, gamma: 1, lambda: 1 });
    wrong(/"target" expected 4 elements, got 3/, { ...out, target: three }, values, { gamma: 1, lambda: 1 });
    wrong(/"nextValue" expected 4 elements/, out, { ...values, nextValue: three }, { gamma: 1, lambda: 1 });
    assert.throws(() => standardizeAdvantages(runtime, four, three), /"valid" expected 4 elements, got 3/);
    scope.dispose();
  });
});

test.run();
