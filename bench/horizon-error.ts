// npx tsx bench/horizon-error.ts [--tasks …] [--seeds 3] [--json file]: how far predictions are from what came when a learned
// model goes on from its own predictions, k = 1 … 20 steps, by the steps of the loss that it learned from. All models of a seed
// have the same data, parameters, initial weights, epochs and hold-out rows, and the same first half of the training, by one step;
// the second half is by the loss in question, at a lower rate. (From scratch and at the first rate, the loss of several steps
// comes out worse everywhere.) Members are deterministic, each open loop by itself. The error is the root mean square over
// windows, members and dimensions, in deviations of each dimension in the test data: in episodes that were not learned from, and
// in those that were. The other options say what was tried: --steps 1,5,8,20 --rows 5000 --hidden 64,64 --rate 2e-3 …

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createReplayBuffer, type ReplayBuffer } from "../src/data/index.js";
import { halfCheetah, makeEnv, pendulum, type Task } from "../src/envs/index.js";
import { RandomStream } from "../src/kernels/index.js";
import { createDynamicsModel, createModelPass, type DynamicsModel, openLoopLoss } from "../src/models/index.js";
import { loadRuntime, type Runtime } from "../src/wasm/index.js";

const HORIZON = 20;
const WINDOWS = 512;

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "Pendulum-v1,HalfCheetah-v5" },
    seeds: { type: "string", default: "3" },
    steps: { type: "string", default: "1,5,8,20" },
    rows: { type: "string" },
    hidden: { type: "string", default: "64,64" },
    members: { type: "string", default: "1" },
    rate: { type: "string", default: "2e-3" },
    epochs: { type: "string", default: "80" },
    drop: { type: "string", default: "0.1" },
    patience: { type: "string", default: "100" },
    batch: { type: "string", default: "128" },
    json: { type: "string" },
  },
});

// with the rows that a model learns from
const tasks: Record<string, { readonly task: Task; readonly rows: number }> = {
  "Pendulum-v1": { task: pendulum as Task, rows: 3000 },
  "HalfCheetah-v5": { task: halfCheetah as Task, rows: 20_000 },
};

/** Episodes of actions drawn uniformly, each held for two steps. */
function recorded(runtime: Runtime, task: Task, seed: number, rows: number): ReplayBuffer {
  const env = makeEnv(runtime, task, { seed });
  if (task.actionSpace.kind !== "box") throw new Error(`${task.id} has discrete actions`);
  const { low, high } = task.actionSpace;
  const A = low.length;
  const sizes = { observationSize: task.observationSpace.low.length, actionSize: A };
  const buffer = createReplayBuffer(runtime, { capacity: rows, ...sizes });
  const random = new RandomStream(runtime, seed, "horizon-error");
  const uniform = runtime.tensor([A]);
  let { observation } = env.reset();
  for (let row = 0; row < rows; row++) {
    if (row % 2 === 0) random.uniform(uniform);
    const action = Float32Array.from(uniform.view, (u, a) => low[a] + u * (high[a] - low[a]));
    const step = env.step(action);
    buffer.add({ ...step, observation, action, nextObservation: step.observation });
    observation = step.terminated || step.truncated ? env.reset().observation : step.observation;
  }
  for (const part of [uniform, random]) part.dispose();
  env.close();
  return buffer;
}

/** Root mean square error after 1 … HORIZON steps. */
function errors(runtime: Runtime, model: DynamicsModel, test: ReplayBuffer): number[] {
  const { observationSize: D, actionSize: A } = model;
  const trajectories = test.trajectories();
  const possible = [...trajectories.keys()].filter((row) => trajectories[row + HORIZON - 1] === trajectories[row]);
  const starts = Array.from({ length: WINDOWS }, (_, i) => possible[Math.floor((i * possible.length) / WINDOWS)]);
  const E = model.network.ensemble.members;
  const members = Array.from({ length: E }, (_, e) => e);
  const scale = Array.from({ length: D }, (_, d) => deviation(test.observation.view, test.length, D, d));
  return runtime.scoped((scope) => {
    const rows = E * WINDOWS;
    const pass = scope.hold(createModelPass(model, rows, E));
    let observation = scope.tensor([rows, D]);
    let nextObservation = scope.tensor([rows, D]);
    const action = scope.tensor([rows, A]);
    const reward = scope.tensor([rows]);
    const rowsAt = (view: Float32Array, k: number, width: number): number[] =>
      members.flatMap(() => starts.flatMap((row) => [...view.subarray((row + k) * width, (row + k + 1) * width)]));
    observation.write(rowsAt(test.observation.view, 0, D));
    const out: number[] = [];
    for (let k = 0; k < HORIZON; k++) {
      action.write(rowsAt(test.action.view, k, A));
      pass.forward({ observation, action, nextObservation, reward }, members);
      const truth = rowsAt(test.nextObservation.view, k, D);
      const sum = truth.reduce((s, value, i) => s + ((nextObservation.view[i] - value) / scale[i % D]) ** 2, 0);
      out.push(Math.sqrt(sum / truth.length));
      [observation, nextObservation] = [nextObservation, observation];
    }
    scope.dispose();
    return out;
  });
}

function deviation(view: Float32Array, rows: number, D: number, d: number): number {
  const column = Array.from({ length: rows }, (_, row) => view[row * D + d]);
  const mean = column.reduce((a, b) => a + b, 0) / rows;
  return Math.sqrt(column.reduce((s, x) => s + (x - mean) ** 2, 0) / rows);
}

interface Result {
  readonly task: string;
  readonly multiStep: number;
  readonly seed: number;
  readonly epochs: number;
  /** After 1 … HORIZON steps, in other episodes and in those learned from. */
  readonly rmse: readonly number[];
  readonly known: readonly number[];
}

const list = (text: string): number[] => text.split(",").map(Number);
const [epochs, batchSize, patience] = [values.epochs, values.batch, values.patience].map(Number);
const runtime = await loadRuntime({ threads: 1 });
const results: Result[] = [];
for (const id of values.tasks.split(",")) {
  if (!tasks[id]) throw new Error(`no data of "${id}"; there are ${Object.keys(tasks).join(", ")}`);
  const { task } = tasks[id];
  const rows = Number(values.rows ?? tasks[id].rows);
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    const train = recorded(runtime, task, seed, rows);
    const test = recorded(runtime, task, 1000 + seed, 4000);
    const trajectories = train.trajectories();
    // every tenth stretch of 100 rows, the same for all losses
    const heldOut = Uint32Array.from(trajectories.keys()).filter((row) => Math.floor(row / 100) % 10 === 9);
    for (const multiStep of list(values.steps)) {
      const model = createDynamicsModel(runtime, {
        observationSize: train.observationSize,
        actionSize: train.actionSize,
        angles: task.angles,
        members: Number(values.members),
        hidden: list(values.hidden),
        learningRate: Number(values.rate),
        probabilistic: false,
        seed,
      });
      // the first part is the same for all: one step; then the loss of so many steps at a lower rate
      const common = { batchSize, patience, holdoutRows: heldOut };
      model.fit(train, { ...common, epochs: Math.ceil(epochs / 2) });
      model.network.optimizer.learningRate = Number(values.rate) * Number(values.drop);
      const report = model.fit(train, {
        ...common,
        epochs: Math.ceil(epochs / 2),
        loss: multiStep > 1 ? openLoopLoss(multiStep) : undefined,
      });
      const [rmse, known] = [test, train].map((data) => errors(runtime, model, data));
      results.push({ task: id, multiStep, seed, epochs: report.epochs, rmse, known });
      const shown = [1, 5, 10, 20].map((k) => rmse[k - 1].toFixed(4)).join(" ");
      console.error(`${id} seed ${seed}, loss of ${multiStep}: ${report.epochs} epochs, ${shown}`);
      model.dispose();
    }
    for (const part of [train, test]) part.dispose();
  }
}

console.log(
  `| task | loss of k steps | ${[1, 2, 5, 10, 20].map((k) => `after ${k}`).join(" | ")} | at 20, of one step's | and where it learned |`,
);
console.log("|---|---|---|---|---|---|---|---|---|");
const average = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;
for (const id of values.tasks.split(",")) {
  const [first] = list(values.steps);
  const mean = (multiStep: number, k: number, where: "rmse" | "known" = "rmse"): number =>
    average(results.filter((r) => r.task === id && r.multiStep === multiStep).map((r) => r[where][k - 1]));
  const share = (multiStep: number, where: "rmse" | "known"): string =>
    `${(100 * (mean(multiStep, HORIZON, where) / mean(first, HORIZON, where))).toFixed(0)} %`;
  for (const multiStep of list(values.steps)) {
    const cells = [1, 2, 5, 10, 20].map((k) => mean(multiStep, k).toPrecision(3));
    console.log(`| ${[id, multiStep, ...cells, share(multiStep, "rmse"), share(multiStep, "known")].join(" | ")} |`);
  }
}
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ options: { ...values, json: undefined }, results })}\n`);
