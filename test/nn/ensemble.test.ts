// Ensembles against their float64 twins (which are themselves checked by central differences), and what the passes
// promise: consistency of gradients and tangents, member lists, independence of members, weights in and out.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Activation, activations, createEnsemble, type Ensemble } from "../../src/nn/index.js";
import { gradient } from "../oracle/differences.js";
import { forward, type Gradients, jvp, type Mlp, vjp } from "../oracle/mlp.js";
import { assertClose, generator, numbers } from "../support/numbers.js";
import { runtime, runtimes } from "../support/runtime.js";
import { member, rowsOf, twin, writeRows } from "./support.js";

const MEMBERS = 3;
const ROWS = 7;
const LAYERS = [5, 11, 16, 3];

const flatten = ({ weights, biases }: Gradients): number[] => [...weights.flat(2), ...biases.flat()];
const matrix = (next: () => number, rows: number, columns: number) =>
  Array.from({ length: rows }, () => numbers(next, columns));

/** An ensemble whose biases are not zero. */
function make(activation: Activation, on = runtime, outputActivation: Activation = "none", layers = LAYERS): Ensemble {
  const ensemble = createEnsemble(on, { members: MEMBERS, layers, activation, outputActivation, seed: 3 });
  const next = generator(4);
  const state = ensemble.weights();
  for (const [name, array] of Object.entries(state.arrays)) {
    if (name.endsWith("bias")) for (let i = 0; i < array.data.length; i++) array.data[i] = next();
  }
  ensemble.setWeights(state);
  return ensemble;
}

for (const [name, on] of runtimes) {
  const tests = suite(`ensemble (${name})`);

  for (const activation of activations) {
    for (const outputActivation of ["none", activation] as const) {
      tests(`${activation}, ${outputActivation} at the output: forward, vjp and jvp are the twin's`, () => {
        using ensemble = make(activation, on, outputActivation);
        // room for more rows than the pass has
        using workspace = ensemble.workspace(ROWS + 2);
        using gradients = on.tensor([ensemble.params.size]);
        using direction = on.tensor([ensemble.params.size]);
        const next = generator(5);
        const xs = Array.from({ length: MEMBERS }, () => matrix(next, ROWS, 5));
        const dys = Array.from({ length: MEMBERS }, () => matrix(next, ROWS, 3));
        const dxs = Array.from({ length: MEMBERS }, () => matrix(next, ROWS, 5));
        direction.view.set(numbers(next, direction.size));
        for (const tensor of [workspace.output, workspace.inputGradient, workspace.outputTangent])
          tensor.view.fill(NaN);
        writeRows(workspace.input, xs);
        writeRows(workspace.outputGradient, dys);
        writeRows(workspace.inputTangent, dxs);
        ensemble.forward(workspace, ROWS);
        ensemble.vjp(workspace, ROWS, gradients, { inputGradient: true });
        ensemble.jvp(workspace, ROWS, direction);
        for (let e = 0; e < MEMBERS; e++) {
          const mlp = twin(ensemble, e);
          const outputs = xs[e].map((x) => forward(mlp, x));
          assertClose(rowsOf(workspace.output, e, ROWS, 3).flat(), outputs.flat(), 1e-6, "output");
          const expected = vjp(mlp, xs[e], dys[e]);
          assertClose(flatten(member(ensemble, gradients, e)), flatten(expected), 2e-6, "gradient");
          assertClose(
            rowsOf(workspace.inputGradient, e, ROWS, 5).flat(),
            expected.inputs.flat(),
            2e-6,
            "input gradient",
          );
          const along = member(ensemble, direction, e);
          const tangents = xs[e].map((x, r) => jvp(mlp, x, along, dxs[e][r]));
          assertClose(rowsOf(workspace.outputTangent, e, ROWS, 3).flat(), tangents.flat(), 2e-6, "tangent");
        }
        on.checkGuards();
      });
    }
  }

  tests("predict gives the bits of forward, for one input of all members too, in any number of rows", () => {
    using ensemble = make("swish", on);
    const rows = name === "checked" ? 9 : 517;
    using workspace = ensemble.workspace(rows);
    using out = on.tensor([MEMBERS, rows, ensemble.outputStride]);
    using shared = on.tensor([rows, 5]);
    workspace.input.view.set(numbers(generator(6), workspace.input.size));
    shared.view.set(workspace.input.view.subarray(0, rows * 5));
    for (const n of [0, 1, 4, rows]) {
      out.view.fill(NaN);
      ensemble.forward(workspace, n);
      ensemble.predict(out, workspace.input, n);
      const used = MEMBERS * n * ensemble.outputStride;
      assert.equal(out.view.slice(0, used), workspace.output.view.slice(0, used));
      if (used < out.size) assert.ok(Number.isNaN(out.view[used]), "rows beyond are left alone");
    }
    ensemble.predict(out, shared, rows);
    for (let e = 0; e < MEMBERS; e++) {
      const mlp = twin(ensemble, e);
      const row = rows - 1;
      const x = [...shared.view.subarray(row * 5, row * 5 + 5)];
      assertClose(rowsOf(out, e, rows, 3)[row], forward(mlp, x), 1e-6, "shared input");
    }
  });

  tests("a member list chooses, repeats and reorders; gradients of one member add up", () => {
    using ensemble = make("tanh", on);
    const list = [2, 0, 2, 2];
    using workspace = ensemble.workspace(2, list.length);
    using gradients = on.tensor([ensemble.params.size]);
    const next = generator(7);
    const xs = list.map(() => matrix(next, 2, 5));
    const dys = list.map(() => matrix(next, 2, 3));
    writeRows(workspace.input, xs);
    writeRows(workspace.outputGradient, dys);
    ensemble.forward(workspace, 2, list);
    ensemble.vjp(workspace, 2, gradients);
    list.forEach((e, slot) => {
      const expected = xs[slot].map((x) => forward(twin(ensemble, e), x));
      assertClose(rowsOf(workspace.output, slot, 2, 3).flat(), expected.flat(), 1e-6, `slot ${slot}`);
    });
    for (let e = 0; e < MEMBERS; e++) {
      const mine = list.flatMap((other, slot) => (other === e ? [slot] : []));
      const expected = vjp(
        twin(ensemble, e),
        mine.flatMap((slot) => xs[slot]),
        mine.flatMap((slot) => dys[slot]),
      );
      assertClose(flatten(member(ensemble, gradients, e)), flatten(expected), 2e-6, `gradient of member ${e}`);
    }
    using out = on.tensor([list.length, 2, ensemble.outputStride]);
    ensemble.predict(out, workspace.input, 2, list);
    assert.equal(out.read(), workspace.output.read());
  });

  tests.run();
}

const tests = suite("ensemble");

tests("the twin's gradients and tangents are those of central differences", () => {
  for (const activation of activations) {
    const next = generator(8);
    const shape = [3, 4, 2];
    const count = 3 * 4 + 4 + 4 * 2 + 2;
    const build = (flat: ArrayLike<number>): Mlp => {
      let at = 0;
      const take = (n: number) => Array.from({ length: n }, () => flat[at++]);
      const weights = [0, 1].map((l) => Array.from({ length: shape[l] }, () => take(shape[l + 1])));
      const biases = [0, 1].map((l) => take(shape[l + 1]));
      return { weights, biases, activation, outputActivation: activation };
    };
    const params = numbers(next, count, 0.7);
    const [x, dy, dx] = [numbers(next, 3), numbers(next, 2), numbers(next, 3)];
    const scalar = (mlp: Mlp, input: ArrayLike<number>) =>
      forward(mlp, Array.from(input)).reduce((sum, y, n) => sum + y * dy[n], 0);
    const mlp = build(params);
    const analytic = vjp(mlp, [x], [dy]);
    assertClose(
      flatten(analytic),
      gradient((flat) => scalar(build(flat), x), params),
      1e-7,
      `${activation} gradient`,
    );
    assertClose(
      analytic.inputs[0],
      gradient((input) => scalar(mlp, input), x),
      1e-7,
      `${activation} input gradient`,
    );
    const along = numbers(next, count);
    const line = (t: number) => {
      const moved = build(params.map((p, i) => p + t * along[i]));
      return scalar(
        moved,
        x.map((value, k) => value + t * dx[k]),
      );
    };
    const tangent = jvp(mlp, x, build(along) as unknown as Gradients, dx).reduce((sum, y, n) => sum + y * dy[n], 0);
    assertClose(
      [tangent],
      gradient((t) => line(t[0]), [0]),
      1e-7,
      `${activation} tangent`,
    );
  }
});

tests("⟨jvp(v), w⟩ = ⟨v, vjp(w)⟩, in parameters and inputs", () => {
  for (const activation of activations) {
    using ensemble = make(activation);
    using workspace = ensemble.workspace(ROWS);
    using gradients = runtime.tensor([ensemble.params.size]);
    using direction = runtime.tensor([ensemble.params.size]);
    const next = generator(9);
    workspace.input.view.set(numbers(next, workspace.input.size));
    workspace.inputTangent.view.set(numbers(next, workspace.input.size));
    writeRows(workspace.outputGradient, [matrix(next, MEMBERS * ROWS, 3)]);
    direction.view.set(numbers(next, direction.size));
    ensemble.forward(workspace, ROWS);
    ensemble.vjp(workspace, ROWS, gradients, { inputGradient: true });
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);
    const inParams = dot(direction.view, gradients.view);
    const inInputs = dot(workspace.inputTangent.view, workspace.inputGradient.view);
    const cases = [
      [direction, true, inParams + inInputs],
      [direction, false, inParams],
      [undefined, true, inInputs],
    ] as const;
    for (const [params, inputTangent, expected] of cases) {
      ensemble.jvp(workspace, ROWS, params, { inputTangent });
      const actual = dot(workspace.outputTangent.view, workspace.outputGradient.view);
      assert.ok(
        Math.abs(actual - expected) <= 2e-5 * (Math.abs(expected) + 1),
        `${activation}: ${actual}, ${expected}`,
      );
    }
  }
});

tests("gradients accumulate when asked, are replaced otherwise, and follow changed parameters", () => {
  using ensemble = make("swish");
  using workspace = ensemble.workspace(ROWS);
  using gradients = runtime.tensor([ensemble.params.size]);
  const next = generator(10);
  workspace.input.view.set(numbers(next, workspace.input.size));
  writeRows(workspace.outputGradient, [matrix(next, MEMBERS * ROWS, 3)]);
  ensemble.forward(workspace, ROWS);
  gradients.view.fill(NaN);
  ensemble.vjp(workspace, ROWS, gradients);
  const once = gradients.read();
  ensemble.vjp(workspace, ROWS, gradients, { accumulate: true });
  assertClose(
    gradients.view,
    once.map((g) => 2 * g),
    1e-6,
    "twice",
  );
  const state = ensemble.weights();
  state.arrays["layer1.weight"].data.fill(0);
  ensemble.setWeights(state);
  ensemble.forward(workspace, ROWS);
  ensemble.vjp(workspace, ROWS, gradients);
  const { weights, biases } = member(ensemble, gradients, 0);
  assert.ok(weights[0].flat().every((g) => g === 0) && biases[0].every((g) => g === 0), "nothing passes zero weights");
});

tests("members do not see each other: bits of one stay when another changes, and a NaN stays where it is", () => {
  using ensemble = make("swish");
  using workspace = ensemble.workspace(ROWS);
  using gradients = runtime.tensor([ensemble.params.size]);
  const next = generator(11);
  workspace.input.view.set(numbers(next, workspace.input.size));
  writeRows(workspace.outputGradient, [matrix(next, MEMBERS * ROWS, 3)]);
  const pass = () => {
    ensemble.forward(workspace, ROWS);
    ensemble.vjp(workspace, ROWS, gradients);
    return [0, 1, 2].map((e) => [rowsOf(workspace.output, e, ROWS, 3).flat(), flatten(member(ensemble, gradients, e))]);
  };
  const before = pass();
  for (const value of [0.25, NaN]) {
    const state = ensemble.weights();
    for (const { data, shape } of Object.values(state.arrays)) {
      const length = data.length / shape[0];
      data.fill(value, length, 2 * length);
    }
    ensemble.setWeights(state);
    const after = pass();
    assert.equal(after[0], before[0]);
    assert.equal(after[2], before[2]);
    assert.not.equal(after[1], before[1]);
    if (Number.isNaN(value)) {
      assert.ok(after[1][0].every(Number.isNaN), "all outputs of member 1 are NaN");
      // the last bias sees the outputs' gradient only
      const { weights, biases } = member(ensemble, gradients, 1);
      assert.ok([...weights.flat(2), ...biases.slice(0, -1).flat()].every(Number.isNaN), "so are its gradients");
    }
  }
});

tests("initial weights are truncated normals of σ = 1/(2√in), a function of the seed", () => {
  const options = { members: 4, layers: [25, 64, 3], seed: 12 } as const;
  using ensemble = createEnsemble(runtime, options);
  using same = createEnsemble(runtime, options);
  using other = createEnsemble(runtime, { ...options, seed: 13 });
  assert.equal(same.params.read(), ensemble.params.read());
  assert.not.equal(other.params.read(), ensemble.params.read());
  const { arrays } = ensemble.weights();
  const weights = [...arrays["layer0.weight"].data].map((w) => w * 2 * 5);
  assert.ok(weights.every((w) => Math.abs(w) <= 2.000001));
  const variance = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
  // of a standard normal truncated at 2: 1 − 4φ(2) / (2Φ(2) − 1)
  assert.ok(Math.abs(variance - 0.7737) < 0.03, `variance ${variance}`);
  assert.ok([...arrays["layer1.bias"].data].every((b) => b === 0));
});

tests("weights go out and in bit for bit; what does not fit is refused and changes nothing", () => {
  using ensemble = make("relu");
  using other = createEnsemble(runtime, { members: MEMBERS, layers: LAYERS, activation: "relu", seed: 99 });
  const state = ensemble.weights();
  assert.equal(state.arrays["layer0.weight"].shape, [MEMBERS, 5, 11]);
  other.setWeights(state);
  assert.equal(other.params.read(), ensemble.params.read());
  const { "layer2.bias": _, ...rest } = state.arrays;
  const before = other.params.read();
  assert.throws(() => other.setWeights({ ...state, arrays: rest }), /lacks "layer2.bias"/);
  using wide = createEnsemble(runtime, { members: MEMBERS, layers: [5, 12, 16, 3], seed: 0 });
  assert.throws(() => wide.setWeights(state), /expected f32 \[3, 5, 12\], got f32 \[3, 5, 11\]/);
  assert.equal(other.params.read(), before);
});

tests("copyMember moves one member between flat tensors", () => {
  using ensemble = make("relu");
  using best = runtime.tensor([ensemble.params.size]);
  ensemble.copyMember(best, ensemble.params, 1);
  assert.equal(member(ensemble, best, 1), member(ensemble, ensemble.params, 1));
  assert.ok([0, 2].every((e) => flatten(member(ensemble, best, e)).every((w) => w === 0)));
  const original = ensemble.params.read();
  ensemble.params.view.fill(1);
  ensemble.copyMember(ensemble.params, best, 1);
  assert.equal(member(ensemble, ensemble.params, 1), member(ensemble, best, 1));
  assert.not.equal(ensemble.params.read(), original);
});

tests("misuse is told plainly", () => {
  const make = (options: object) => () => createEnsemble(runtime, options as never);
  assert.throws(make({ members: 0, layers: [1, 1], seed: 0 }), /"members" expected an integer of at least 1, got 0/);
  assert.throws(make({ members: 1, layers: [1], seed: 0 }), /"layers" expected at least 2 sizes/);
  assert.throws(make({ members: 1, layers: [1, 0], seed: 0 }), /"layers" expected an integer of at least 1, got 0/);
  assert.throws(make({ members: 1, layers: [1, 1], seed: 0, activation: "elu" }), /"activation" expected one of none/);
  assert.throws(make({ members: 1, layers: [1, 1], seed: 0, lr: 1 }), /unknown option "lr"/);
  using ensemble = createEnsemble(runtime, { members: 2, layers: [2, 3], seed: 0 });
  using workspace = ensemble.workspace(4);
  using small = runtime.tensor([3]);
  assert.throws(() => ensemble.forward(workspace, 5), /"rows" expected an integer in \[0, 4\], got 5/);
  assert.throws(() => ensemble.forward(workspace, 1, [0, 2]), /"members" expected an integer in \[0, 1\], got 2/);
  assert.throws(() => ensemble.forward(workspace, 1, [0, 1, 1]), /at most 2, the workspace's slots/);
  ensemble.forward(workspace, 3);
  assert.throws(() => ensemble.vjp(workspace, 2, undefined), /"rows" expected 3, as the forward pass, got 2/);
  assert.throws(() => ensemble.vjp(workspace, 3, small), /"gradients" expected a tensor of \d+ f32/);
  assert.throws(() => ensemble.jvp(workspace, 3, undefined, { inputTangent: false }), /"paramsTangent" expected/);
  assert.throws(() => ensemble.predict(small, workspace.input, 4), /"out" expected at least 8 rows of 8 f32/);
});

tests("dispose gives everything back, twice is once", () => {
  const before = runtime.memoryUsage().tensors;
  const ensemble = make("swish");
  const workspace = ensemble.workspace(2);
  using gradients = runtime.tensor([ensemble.params.size]);
  ensemble.forward(workspace, 2);
  ensemble.vjp(workspace, 2, gradients, { inputGradient: true });
  for (const part of [workspace, ensemble, workspace, ensemble]) part.dispose();
  assert.is(runtime.memoryUsage().tensors, before + 1);
  assert.throws(() => ensemble.changed() ?? ensemble.params.view, /was disposed of/);
});

tests.run();
