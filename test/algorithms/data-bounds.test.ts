// The bounds that data set to imagined trajectories.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { observedRange, usualDisagreementSteps } from "../../src/algorithms/data-bounds.js";
import { createReplayBuffer } from "../../src/data/index.js";
import { createDynamicsModel, memberDisagreement } from "../../src/models/index.js";
import { finish } from "../../src/steps.js";
import { runtime } from "../support/runtime.js";

const test = suite("bounds by data");
const ROWS = 12_000;

function recorded(rows: number) {
  const buffer = createReplayBuffer(runtime, { capacity: rows, observationSize: 2, actionSize: 1 });
  for (let i = 0; i < rows; i++) {
    const observation = [Math.sin(i), i / rows];
    const nextObservation = [Math.cos(i) - 2, 3];
    buffer.add({
      observation,
      action: [Math.sin(7 * i)],
      reward: 0,
      nextObservation,
      terminated: false,
      truncated: false,
    });
  }
  return buffer;
}

test("the range is of what was seen before and after steps", () => {
  const buffer = recorded(1000);
  const { low, high } = observedRange(buffer);
  const close = (a: Float32Array, b: number[]) => a.every((value, i) => Math.abs(value - b[i]) < 1e-4);
  assert.ok(close(low, [-3, 0]) && close(high, [1, 3]), `${low}, ${high}`);
  buffer.dispose();
});

test("usual disagreement: all but 1 % of the transitions are below, taken evenly and in slices", () => {
  const buffer = recorded(ROWS);
  const shape = { observationSize: 2, actionSize: 1, hidden: [40, 40], probabilistic: false, seed: 0 };
  const model = createDynamicsModel(runtime, { ...shape, members: 4 });
  const rows = Array.from({ length: 5000 }, (_, i) => Math.floor((i * ROWS) / 5000));
  const { observation, action } = buffer;
  const found = memberDisagreement(
    model,
    rows.flatMap((row) => [...observation.view.subarray(2 * row, 2 * row + 2)]),
    rows.map((row) => action.view[row]),
  );
  const steps = usualDisagreementSteps(model, buffer);
  let slices = 1;
  let next = steps.next();
  for (; !next.done; next = steps.next()) slices++;
  assert.is(next.value, found.sort()[4950]);
  assert.ok(slices > 1, `${slices}`);
  model.dispose();
  // members that are all the same
  const one = createDynamicsModel(runtime, { ...shape, members: 1 });
  const usual = finish(usualDisagreementSteps(one, buffer));
  assert.ok(usual > 0 && usual < 1e-20, `${usual}`);
  one.dispose();
  buffer.dispose();
});

test.run();
