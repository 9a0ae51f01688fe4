// npx tsx bench/horizon-error.ts [--tasks …] [--seeds 5] [--json file]: how far predictions are from what came when a learned
// model goes on from its own predictions, k = 1 … 20 steps, by the steps of the loss that it learned from. All models of a seed
// have the same data, parameters, initial weights, epochs and hold-out rows; deterministic members, each open loop by itself.
// The error is the root mean square over windows, members and dimensions, in deviations of each dimension in the test data.
// The other options say what was tried: --steps 1,5,8 --rows 5000 --hidden 128,128 --rate 1e-3 --epochs 100 --batch 64 …

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createReplayBuffer, type ReplayBuffer } from "../src/data/index.js";
import { halfCheetah, makeEnv, pendulum, type Task } from "../src/envs/index.js";
import { RandomStream } from "../src/kernels/index.js";
import { createDynamicsModel, type DynamicsModel } from "../src/models/index.js";
import { loadRuntime, type Runtime } from "../src/wasm/index.js";

const HORIZON = 20;
const WINDOWS = 512;

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "Pendulum-v1,HalfCheetah-v5" },
    seeds: { type: "string", default: "5" },
    steps: { type: "string", default: "1,5,8" },
    rows: { type: "string", default: "5000" },
    hidden: { type: "string", default: "128,128" },
    members: { type: "string", default: "2" },
    rate: { type: "string", default: "1e-3" },
    epochs: { type: "string", default: "100" },
    patience: { type: "string", default: "15" },
    batch: { type: "string", default: "64" },
    json: { type: "string" },
  },
});

const tasks: Record<string, Task> = { "Pendulum-v1": pendulum as Task, "HalfCheetah-v5": halfCheetah as Task };

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
    const pass = scope.hold(model.pass(rows, E));
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
  readonly rmse: readonly number[];
}

const list = (text: string): number[] => text.split(",").map(Number);
const [rows, epochs, batchSize, patience] = [values.rows, values.epochs, values.batch, values.patience].map(Number);
const runtime = await loadRuntime({ threads: 1 });
const results: Result[] = [];
for (const id of values.tasks.split(",")) {
  const task = tasks[id];
  if (!task) throw new Error(`no data of "${id}"; there are ${Object.keys(tasks).join(", ")}`);
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
      const report = model.fit(train, { epochs, batchSize, patience, multiStep, holdoutRows: heldOut });
      const rmse = errors(runtime, model, test);
      results.push({ task: id, multiStep, seed, epochs: report.epochs, rmse });
      const shown = [1, 5, 10, 20].map((k) => rmse[k - 1].toFixed(4)).join(" ");
      console.error(`${id} seed ${seed}, loss of ${multiStep}: ${report.epochs} epochs, ${shown}`);
      model.dispose();
    }
    for (const part of [train, test]) part.dispose();
  }
}

console.log(
  `| task | loss of k steps | ${[1, 2, 5, 10, 15, 20].map((k) => `after ${k}`).join(" | ")} | at 20, of one step's |`,
);
console.log("|---|---|---|---|---|---|---|---|---|");
for (const id of values.tasks.split(",")) {
  const mean = (multiStep: number, k: number): number => {
    const own = results.filter((result) => result.task === id && result.multiStep === multiStep);
    return own.reduce((sum, { rmse }) => sum + rmse[k - 1], 0) / own.length;
  };
  for (const multiStep of list(values.steps)) {
    const cells = [1, 2, 5, 10, 15, 20].map((k) => mean(multiStep, k).toPrecision(3));
    const share = `${(100 * (mean(multiStep, HORIZON) / mean(list(values.steps)[0], HORIZON))).toFixed(0)} %`;
    console.log(`| ${[id, multiStep, ...cells, share].join(" | ")} |`);
  }
}
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ options: { ...values, json: undefined }, results })}\n`);
