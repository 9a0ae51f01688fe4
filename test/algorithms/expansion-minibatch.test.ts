// The loss of the critics at an update of a real run, worked out again in float64 from what the run holds before it: minibatch,
// hindsight, target actor, models, goal's reward, target critics, bounds, rule and imagined rows, each as the papers have it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ddpg, type ExpansionRunOptions, mve, type OffPolicyRun, steve, td3 } from "../../src/algorithms/index.js";
import { createTransitionBatch, sampleTransitions } from "../../src/data/index.js";
import { makeVectorEnv, reacherGoalDense } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { Hindsight } from "../../src/learning/index.js";
import { createDynamicsModel } from "../../src/models/index.js";
import type { Policy, QFunction } from "../../src/policies/index.js";
import { metaNumber, partState } from "../../src/saved-state.js";
import type { SavedState } from "../../src/types.js";
import type { Scope, Tensor } from "../../src/wasm/index.js";
import { twin as mlpOf } from "../nn/support.js";
import { type ExpandedRow, type MixOptions, target, tdkRows } from "../oracle/expansion.js";
import { forward } from "../oracle/mlp.js";
import { features } from "../oracle/models.js";
import { criticLossTwin } from "../oracle/off-policy.js";
import { actionOf, filtered, headOf, rawOf } from "../oracle/policies.js";
import { rowsIn, twinOf } from "../policies/support.js";
import { runtime } from "../support/runtime.js";

const test = suite("minibatches of runs that expand values");

// of ReacherGoalDense: six numbers of the arm, where the fingertip is, where it should be; two actions in ±1
const D = 10;
const A = 2;
const [ACHIEVED, DESIRED] = [6, 8];

type Row = readonly number[];

/** What is expected of an update, and how it would be if something were not as it should. */
interface Expected {
  readonly loss: number;
  readonly wrong: Readonly<Record<string, number>>;
}

const act = (actor: Policy): ((state: Row) => number[]) => {
  const twin = twinOf(actor);
  return (state) => actionOf(twin, rawOf(twin, headOf(twin, state)));
};

// of every critic
function value(critic: QFunction, actor: Policy): (state: Row, action: Row) => number[] {
  const twin = twinOf(actor);
  const mlps = Array.from({ length: critic.members }, (_, k) => mlpOf(critic.network, k));
  return (state, action) => mlps.map((mlp) => forward(mlp, [...filtered(twin, state), ...action])[0]);
}

// numbers that only kernels know the address of
function floats(address: number, n: number): number[] {
  const copy = runtime.tensor([n]);
  runtime.kernels.rows_repeat(copy.address, address, 1, n);
  const values = [...copy.read()];
  copy.dispose();
  return values;
}

// where each elite member is led; what is wanted stays, and is nothing to learn from
function models(
  scope: Scope,
  state: SavedState,
  options: ExpansionRunOptions,
): ((state: Row, action: Row) => number[])[] {
  const model = scope.hold(
    createDynamicsModel(runtime, {
      observationSize: D,
      actionSize: A,
      members: options.members,
      hidden: options.modelHidden,
      probabilistic: false,
      constant: [DESIRED, DESIRED + 1],
    }),
  );
  model.load(partState(partState(state, "model"), "dynamics"));
  const { network } = model;
  const { mean, inverseStd } = network.normalizer;
  const [shift, scale] = [floats(network.words.head[2], D), floats(network.words.head[3], D)];
  const copied = Array.from({ length: DESIRED }, (_, i) => [0, i] as const);
  const table = [...copied, [3, 0] as const, [3, 1] as const];
  return network.elites.map((e) => {
    const mlp = mlpOf(network.ensemble, e);
    return (from, action) => {
      const [input] = features([from as number[]], [action as number[]], table, mean.view, inverseStd.view);
      const output = forward(mlp, input);
      return from.map((x, i) => (i < DESIRED ? x + shift[i] + scale[i] * output[i] : x));
    };
  });
}

const pay = (next: Row): number => -Math.hypot(next[ACHIEVED] - next[DESIRED], next[ACHIEVED + 1] - next[DESIRED + 1]);

// the critics' mean loss at the update that `run` makes next
function expectation(scope: Scope, run: OffPolicyRun, options: ExpansionRunOptions): Expected {
  const { buffer, actor, targetActor, critic, targetCritic, random, env } = run.parts;
  const { gamma, batchSize: B, hindsight, targetClip, smoothing, smoothingLimit } = run.settings;
  const { horizon: H = 0, targets: rule = "last", beta = 1, tdk = false } = options;
  const state = run.save();
  const stream = scope.hold(new RandomStream(runtime, 0, "a copy"));
  stream.load(random.save());
  const batch = createTransitionBatch(scope, B, D, A);
  sampleTransitions(buffer, batch, stream);
  assert.ok(env.goal);
  const relabel = runtime.scoped(
    (inner) => new Hindsight(inner, buffer, { goal: env.goal!, relabelled: hindsight, rows: B }),
  );
  relabel.relabel(batch, stream);
  relabel.dispose();
  const [from, by, to] = [batch.observation, batch.action, batch.nextObservation].map((column: Tensor, i) =>
    rowsIn(column, i === 1 ? A : D, B),
  );
  const rewards = batch.reward.read();
  const ended = batch.terminated.read();
  // noise on the target's actions is drawn last
  const normals = scope.tensor([B, A]);
  if (smoothing > 0) stream.normal(normals);
  const noise = rowsIn(normals, A, B);
  const members = H > 0 ? models(scope, state, options) : [];
  const [q, ahead] = [value(critic, actor), value(targetCritic, actor)];

  const loss = (
    follow: (state: Row) => number[],
    clip: readonly number[],
    sigma = smoothing,
    limit = smoothingLimit,
  ): number => {
    const within = (x: number, most: number): number => Math.max(-most, Math.min(most, x));
    const mix: MixOptions = {
      rule,
      gamma,
      lambda: 0.25,
      beta,
      least: rule !== "steve",
      clip: clip as [number, number],
    };
    const learned: { state: Row; action: Row; target: number; weight: number }[] = [];
    to.forEach((start, b) => {
      const first = follow(start).map((a, i) => within(a + within(sigma * noise[b][i], limit), 1));
      // of each member, states and actions h = 0 … H
      const paths = members.map((step) => {
        const path = [{ state: start, action: first }];
        for (let h = 0; h < H; h++) {
          const state = step(path[h].state, path[h].action);
          path.push({ state, action: follow(state) });
        }
        return path;
      });
      const row: ExpandedRow = {
        reward: rewards[b],
        terminated: ended[b] !== 0,
        value: ahead(start, first),
        members: paths.length
          ? paths.map((path) =>
              path.slice(1).map(({ state, action }) => ({
                reward: pay(state),
                goes: 1,
                finite: true,
                value: ahead(state, action),
              })),
            )
          : [[]],
      };
      learned.push({ state: from[b], action: by[b], target: target(row, mix).target, weight: 1 });
      if (!tdk) return;
      const e = b % members.length;
      for (const [h, extra] of tdkRows(row, e, mix).entries()) learned.push({ ...paths[e][h], ...extra });
    });
    const values = learned.map(({ state, action }) => q(state, action));
    const [ys, ws] = [learned.map(({ target }) => target), learned.map(({ weight }) => weight)];
    const losses = values[0].map((_, k) =>
      criticLossTwin(
        values.map((own) => own[k]),
        ys,
        ws,
      ),
    );
    return losses.reduce((sum, x) => sum + x, 0) / losses.length;
  };

  return {
    loss: loss(act(targetActor), targetClip),
    wrong: {
      "the online actor": loss(act(actor), targetClip),
      "no bounds": loss(act(targetActor), [-Infinity, Infinity]),
      ...(smoothing > 0 && {
        "no noise": loss(act(targetActor), targetClip, 0),
        "noise without a limit": loss(act(targetActor), targetClip, smoothing, Infinity),
      }),
    },
  };
}

const off = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

const plain = {
  trials: 2,
  seed: 5,
  totalSteps: 110,
  initialSteps: 60,
  hidden: [16],
  batchSize: 24,
  gamma: 0.9,
  hindsight: 4,
  filter: true,
  // a target network that lags far behind, and bounds that some targets reach
  actorLearningRate: 1e-2,
  tau: 0.02,
  targetClip: [-0.6, -0.05],
};
const expanded = { horizon: 3, members: 3, modelHidden: [12], modelSteps: 40, multiStep: 2, modelEvery: 20 };

for (const [name, make, options] of [
  ["one real step", ddpg, { critics: 2 }],
  ["one real step with noise on the target's action", td3, { smoothing: 0.6, smoothingLimit: 0.2 }],
  ["the last of the horizons", mve, { ...expanded, targets: "last", beta: 0.75 }],
  ["the least of the horizons, and imagined rows", mve, { ...expanded, targets: "min", tdk: true }],
  ["STEVE", steve, { ...expanded, targets: "steve", critics: 3 }],
] as const) {
  test(`updates of a run learn from what the twin of the papers says: ${name}`, async () => {
    // two updates for each step of both environments: nothing lies between them
    const env = makeVectorEnv(runtime, reacherGoalDense, { batch: 2, seed: 2, autoreset: "same-step" });
    let expected: Expected | undefined;
    let looked = 0;
    // how far off the loss would be if something were not as it should, at most
    const told: Record<string, number> = {};
    const run = (make as typeof mve)(runtime, env, {
      ...plain,
      ...options,
      onStep: ({ phase, step }) => {
        if (phase === "update" && expected) {
          const { loss, wrong } = expected;
          const got = metaNumber(run.save(), "criticLoss");
          assert.ok(off(got, loss) < 2e-5, `update ${step}: ${got}, by the twin ${loss}`);
          for (const [what, other] of Object.entries(wrong)) {
            told[what] = Math.max(told[what] ?? 0, off(other, loss));
          }
          looked++;
        }
        expected = undefined;
        if (phase !== "update" || step % 2 === 0 || step < 20) return;
        runtime.scoped((scope) => {
          expected = expectation(scope, run, { trials: 0, ...options } as ExpansionRunOptions);
          scope.dispose();
        });
      },
    }) as OffPolicyRun;
    for await (const _ of run);
    assert.ok(looked >= 10, `${looked} updates`);
    assert.ok(Object.keys(told).length >= 2);
    for (const [what, most] of Object.entries(told)) assert.ok(most > 5e-3, `${what}: ${most}`);
    run.dispose();
  });
}

test.run();
