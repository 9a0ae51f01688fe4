// Updates of policies: a whole TRPO step against its float64 twin, what is accepted and what is taken back bit for bit.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomStream } from "../../src/kernels/index.js";
import {
  conjugateGradientSteps,
  cgMemory,
  createPpoMemory,
  createTrpoMemory,
  type PolicyBatch,
  ppoUpdateSteps,
  trpoUpdateSteps,
} from "../../src/learning/index.js";
import type { Policy } from "../../src/policies/index.js";
import { finish } from "../../src/steps.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import { trpoTwin } from "../oracle/learning.js";
import { D, distance, flatOf, ROWS, rowsIn, setup, twinOf, variants } from "../policies/support.js";
import { checkedRuntime, runtime, runtimes } from "../support/runtime.js";

const test = suite("updates");
const stochastic = variants.filter(({ kind }) => kind !== "deterministic");
const [gaussian] = variants;
const categorical = variants.find(({ kind }) => kind === "categorical") as (typeof variants)[number];

const TO_THE_END = 250;

interface Made {
  readonly policy: Policy;
  readonly random: RandomStream;
  readonly batch: PolicyBatch;
}

/** A policy with a batch that it collected itself, some of whose rows do not count. */
function made(on: Runtime, variant: (typeof variants)[number], options = {}): Made {
  const { policy, random, observation, noise } = setup(on, variant, options);
  const tensor = (columns = 1): Tensor => on.tensor([ROWS, columns]);
  const [action, raw, logProb, advantage, valid] = [policy.envActionSize, policy.actionSize, 1, 1, 1].map(tensor);
  const pass = policy.pass(ROWS);
  pass.forward(observation, ROWS);
  pass.act(action, raw, logProb, noise);
  pass.dispose();
  random.normal(advantage);
  valid.view.forEach((_, i) => {
    valid.view[i] = Number(i % 5 !== 2);
  });
  return { policy, random, batch: { rows: ROWS, observation, raw, logProb, advantage, valid } };
}

const bits = ({ network }: Policy): Uint32Array => new Uint32Array(network.params.read().buffer);

// With a σ that depends on the observation the matrices here have a condition number of 1600, without 240 (at damping 0.1).
// Products with them are right to 3e-7 either way, but conjugate gradients that differ in last bits part on their way, at the
// tenth iteration by 2e-2, and meet again at the solution, within 4e-6.
for (const variant of stochastic) {
  test(`a TRPO step has the direction and the length of its float64 twin: ${variant.name}`, () => {
    const { policy, batch } = made(runtime, variant);
    const memory = createTrpoMemory(policy, ROWS);
    const twin = twinOf(policy);
    const { observation, raw, logProb, advantage, valid } = batch;
    const columns = { xs: rowsIn(observation, D), us: rowsIn(raw, policy.actionSize) };
    const steps = { ...columns, old: [...logProb.view], advantage: [...advantage.view] };
    const before = flatOf(policy, policy.network.params);
    const iterations = variant.std === "state-dependent" ? TO_THE_END : 10;
    const expected = trpoTwin(twin, steps, [...valid.view], { maxKl: 0.01, damping: 0.1, iterations });
    const report = finish(trpoUpdateSteps(policy, batch, memory, { cgIterations: iterations, cgResidual: 1e-14 }));
    assert.ok(distance(flatOf(policy, memory.gradient), expected.gradient) < 1e-5, "gradient");
    const error = distance(flatOf(policy, memory.cg.x), expected.direction);
    assert.ok(error < 1e-4, `direction: ${error}`);
    assert.ok(report.accepted, report.reason);
    assert.ok(report.kl > 0.001 && report.kl <= 0.01, `KL ${report.kl}`);
    const moved = flatOf(policy, policy.network.params).map((value, i) => value - before[i]);
    const share = expected.length * 0.8 ** (report.stepsTried - 1);
    const step = distance(
      moved,
      expected.direction.map((value) => share * value),
    );
    assert.ok(step < 2e-4, `step: ${step}`);
  });
}

for (const variant of stochastic) {
  test(`after ten iterations the direction is a descent, as good as is reported: ${variant.name}`, () => {
    const { policy, batch } = made(runtime, variant);
    const memory = createTrpoMemory(policy, ROWS);
    const { observation, raw, logProb, advantage, valid } = batch;
    const columns = { xs: rowsIn(observation, D), us: rowsIn(raw, policy.actionSize) };
    const steps = { ...columns, old: [...logProb.view], advantage: [...advantage.view] };
    const { gradient, product } = trpoTwin(twinOf(policy), steps, [...valid.view], {
      maxKl: 0.01,
      damping: 0.1,
      iterations: 0,
    });
    const before = flatOf(policy, policy.network.params);
    const report = finish(trpoUpdateSteps(policy, batch, memory));
    assert.ok(report.accepted, report.reason);
    // the residual that is reported is the true one, of the float64 matrix
    const direction = flatOf(policy, memory.cg.x);
    const curved = product(direction);
    assert.ok(Math.abs(report.cgResidual - distance(curved, gradient)) < 1e-4, `${report.cgResidual}`);
    assert.ok(report.cgResidual < 0.6);
    // and the step is as long as the divergence allows for, whatever the direction is
    const curvature = direction.reduce((sum, x, i) => sum + x * curved[i], 0);
    const share = Math.sqrt(0.02 / curvature) * 0.8 ** (report.stepsTried - 1);
    const moved = flatOf(policy, policy.network.params).map((value, i) => value - before[i]);
    const step = distance(
      moved,
      direction.map((value) => share * value),
    );
    assert.ok(step < 1e-4, `step: ${step}`);
  });

  test(`rows that do not count may hold no numbers at all, and change no bit: ${variant.name}`, () => {
    const results = [0, Number.NaN].map((junk) => {
      const { policy, batch, random } = made(runtime, variant);
      const { observation, raw, logProb, advantage, valid } = batch;
      for (const { view } of [observation, raw, logProb, advantage]) {
        const columns = view.length / ROWS;
        view.forEach((_, i) => {
          if (valid.view[Math.floor(i / columns)] === 0) view[i] = junk;
        });
      }
      const trpo = finish(trpoUpdateSteps(policy, batch, createTrpoMemory(policy, ROWS, 100)));
      assert.ok(trpo.accepted, trpo.reason);
      const ppo = finish(
        ppoUpdateSteps(policy, batch, createPpoMemory(policy, ROWS), random, { entropy: 0.01, epochs: 2 }),
      );
      assert.ok(ppo.accepted, ppo.reason);
      return { trpo, ppo, bits: bits(policy) };
    });
    assert.equal(results[1], results[0]);
  });
}

test("the Fisher matrix of a sample of the rows gives nearly the same step", () => {
  const [whole, part] = [ROWS, ROWS - 1].map((fisherRows) => {
    const { policy, batch } = made(runtime, categorical);
    const memory = createTrpoMemory(policy, ROWS, fisherRows);
    const report = finish(trpoUpdateSteps(policy, batch, memory));
    assert.ok(report.accepted && report.kl <= 0.01);
    return flatOf(policy, memory.cg.x);
  });
  const difference = distance(part, whole);
  assert.ok(difference > 1e-6 && difference < 0.1, `${difference}`);
});

test("conjugate gradients report the true residual and refuse what is not positive", () => {
  runtime.scoped((scope) => {
    const n = 40;
    const memory = cgMemory(scope, n);
    const b = scope.tensor([n]).write(Array.from({ length: n }, (_, i) => Math.sin(i + 1)));
    const diagonal = (scale: (i: number) => number) => (out: Tensor, v: Tensor) => {
      for (let i = 0; i < n; i++) out.view[i] = scale(i) * v.view[i];
    };
    const solve = (scale: (i: number) => number, iterations: number) =>
      finish(conjugateGradientSteps(runtime, diagonal(scale), b, memory, { iterations, tolerance: 1e-12 }));
    const good = solve((i) => 1 + i / n, 20);
    assert.is(good.reason, "residual");
    assert.ok(good.residual < 1e-5 && good.iterations < 20, `${good.residual}`);
    for (const [i, x] of memory.x.view.entries()) assert.ok(Math.abs(x - Math.sin(i + 1) / (1 + i / n)) < 1e-5);
    const short = solve((i) => 1 + i, 2);
    assert.is(short.reason, "iterations");
    assert.ok(short.residual > 0.01);
    assert.is(solve((i) => i - 20, 20).reason, "not positive");
    assert.is(solve(() => Number.NaN, 20).reason, "not positive");
    scope.dispose();
  });
});

test("a step that cannot be found leaves the parameters bit for bit, and says why", () => {
  const attempt = (change: (made: Made) => void, options = {}) => {
    const all = made(runtime, gaussian);
    change(all);
    const before = bits(all.policy);
    const report = finish(trpoUpdateSteps(all.policy, all.batch, createTrpoMemory(all.policy, ROWS), options));
    assert.not.ok(report.accepted);
    assert.equal(bits(all.policy), before);
    return report.reason;
  };
  assert.is(
    attempt(({ batch }) => batch.advantage.view.fill(0)),
    "no gradient",
  );
  assert.is(
    attempt(({ batch }) => batch.advantage.view.set([Number.NaN], 10)),
    "non-finite",
  );
  assert.is(
    attempt(({ batch }) => batch.raw.view.set([Infinity], 30)),
    "non-finite",
  );
  assert.is(
    attempt(({ batch }) => batch.observation.view.set([Number.NaN], 50)),
    "non-finite",
  );
  // log-densities far from the policy's own: no small step keeps within δ and improves
  assert.is(
    attempt(({ batch }) => batch.logProb.view.fill(-1e6)),
    "no gradient",
  );
  assert.is(
    attempt(({ batch }) => batch.valid.view.fill(0)),
    "non-finite",
  );
});

test("a NaN that comes up in the line search is never accepted", () => {
  const { policy, batch } = made(runtime, gaussian);
  const memory = createTrpoMemory(policy, ROWS);
  const before = bits(policy);
  const steps = trpoUpdateSteps(policy, batch, memory);
  let next = steps.next();
  // after the parameters were kept, every candidate is spoiled
  for (; !next.done; next = steps.next()) if (policy.network.params.view[0] !== 0) memory.cg.x.view[3] = Number.NaN;
  assert.not.ok(next.value.accepted);
  assert.equal(bits(policy), before);
});

test("updates that are given up midway have not happened", () => {
  for (const slices of [1, 2, 5, 12, 13, 14]) {
    const { policy, batch } = made(runtime, categorical);
    const before = bits(policy);
    const steps = trpoUpdateSteps(policy, batch, createTrpoMemory(policy, ROWS));
    for (let i = 0; i < slices; i++) steps.next();
    steps.return(undefined as never);
    assert.equal(bits(policy), before, `TRPO after ${slices}`);
    const memory = createPpoMemory(policy, ROWS, 32);
    const random = new RandomStream(runtime, 5, "order");
    const stream = JSON.stringify(random.save());
    const update = ppoUpdateSteps(policy, batch, memory, random);
    for (let i = 0; i < slices; i++) update.next();
    assert.not.equal(bits(policy), before);
    update.return(undefined as never);
    assert.equal(bits(policy), before, `PPO after ${slices}`);
    assert.is(JSON.stringify(random.save()), stream);
    assert.is(memory.optimizer.steps, 0);
    assert.ok(memory.optimizer.m.view.every((value) => value === 0));
  }
});

test("PPO improves the surrogate, clips, stops by divergence, and leaves rows out that are not valid", () => {
  for (const variant of stochastic) {
    const { policy, batch, random } = made(runtime, variant);
    // what is left out must not matter
    for (let i = 2; i < ROWS; i += 5) batch.advantage.view[i] = Number.NaN;
    const memory = createPpoMemory(policy, ROWS, 32);
    const options = { epochs: 20, learningRate: 1e-3, targetKl: 10 };
    const report = finish(ppoUpdateSteps(policy, batch, memory, random, options));
    assert.ok(report.accepted, variant.name);
    assert.is(report.steps, 20 * Math.ceil((ROWS - Math.ceil((ROWS - 2) / 5)) / 32));
    assert.ok(report.surrogate > 0.02 && report.kl > 0 && report.clipped > 0, `${variant.name} ${report.surrogate}`);
    const again = made(runtime, variant);
    const second = createPpoMemory(again.policy, ROWS, 32);
    const stopped = finish(
      ppoUpdateSteps(again.policy, again.batch, second, again.random, { ...options, targetKl: 1e-4 }),
    );
    assert.ok(stopped.stopped && stopped.steps < report.steps && stopped.kl < report.kl);
  }
});

test("PPO takes everything back when something is not finite", () => {
  const { policy, batch, random } = made(runtime, gaussian);
  const memory = createPpoMemory(policy, ROWS, 32);
  batch.advantage.view[100] = Number.NaN;
  const before = bits(policy);
  const report = finish(ppoUpdateSteps(policy, batch, memory, random));
  assert.equal([report.accepted, report.reason], [false, "non-finite"]);
  assert.equal(bits(policy), before);
  assert.is(memory.optimizer.steps, 0);
});

test("updates run on the checked binary, with the same bits", () => {
  const results = runtimes.map(([, on]) => {
    const { policy, batch, random } = made(on, categorical);
    finish(trpoUpdateSteps(policy, batch, createTrpoMemory(policy, ROWS, 50)));
    finish(ppoUpdateSteps(policy, batch, createPpoMemory(policy, ROWS, 50), random));
    return bits(policy);
  });
  assert.equal(results[1], results[0]);
  checkedRuntime.checkGuards();
});

test("options are checked", () => {
  const { policy, batch, random } = made(runtime, gaussian);
  const trpo = (options: object, message: RegExp) =>
    assert.throws(() => finish(trpoUpdateSteps(policy, batch, createTrpoMemory(policy, ROWS), options)), message);
  trpo({ damping: 0 }, /trpoUpdate: "damping" expected a finite number of at least 0.001, got 0/);
  trpo({ maxKl: 0 }, /"maxKl" expected a number above 0/);
  trpo({ backtrack: 1 }, /"backtrack" expected a number between 0 and 1/);
  trpo({ iterations: 3 }, /unknown option "iterations"/);
  const small = createTrpoMemory(policy, 10);
  assert.throws(() => finish(trpoUpdateSteps(policy, batch, small)), /"batch.rows" expected an integer in \[1, 10\]/);
  const ppo = (options: object, message: RegExp) =>
    assert.throws(() => finish(ppoUpdateSteps(policy, batch, createPpoMemory(policy, ROWS), random, options)), message);
  ppo({ clip: -1 }, /ppoUpdate: "clip"/);
  ppo({ epochs: 0 }, /"epochs"/);
  ppo({ learningRate: Number.NaN }, /"learningRate"/);
});

test.run();
