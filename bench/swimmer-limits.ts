// npx tsx bench/swimmer-limits.ts [--rows 20000] [--noise 1]: where models of Swimmer are wrong. Episodes of 200 steps of
// normally distributed actions, `--noise` the largest deviation; an ensemble of the size that ME-TRPO learns there, fitted with a
// falling step size; the squared error of its one-step predictions on held-out episodes, in variances of the change of each
// dimension, by how far the joint that is bent most is from its limit of 100 degrees (1.745).

import { parseArgs } from "node:util";
import { createReplayBuffer } from "../src/data/index.js";
import { makeEnv, swimmer, timeLimit } from "../src/envs/index.js";
import { RandomStream } from "../src/kernels/index.js";
import { createDynamicsModel } from "../src/models/index.js";
import { loadRuntime } from "../src/wasm/index.js";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "20000" }, noise: { type: "string", default: "1" } },
});
const N = Number(values.rows);
const D = 8;
const A = 2;
const EPISODE = 200;
const HELD_OUT = 5;
const SCHEDULE = [
  [3e-3, 60],
  [1e-3, 30],
  [3e-4, 30],
] as const;
// bend of the joint that is bent most, radians
const BINS = [0.5, 1, 1.4, 1.6, 1.7, Infinity];

const runtime = await loadRuntime();
const env = timeLimit(makeEnv(runtime, swimmer, { seed: 0 }), EPISODE);
const random = new RandomStream(runtime, 0, "swimmer-limits");
const buffer = createReplayBuffer(runtime, { observationSize: D, actionSize: A, capacity: N });
const normal = runtime.tensor([A]);
const uniform = runtime.tensor([1]);
for (let k = 0, observation = new Float32Array(); k < N; k++) {
  if (k % EPISODE === 0) {
    observation = env.reset().observation.slice();
    random.uniform(uniform);
  }
  random.normal(normal);
  const scale = Number(values.noise) * uniform.view[0];
  const action = Float32Array.from(normal.view, (x) => Math.max(-1, Math.min(1, scale * x)));
  const step = env.step(action);
  buffer.add({ ...step, observation, action, nextObservation: step.observation });
  observation = step.observation.slice();
}

const episode = (row: number): number => Math.floor(row / EPISODE);
const held = Uint32Array.from({ length: N }, (_, row) => row).filter((row) => episode(row) % HELD_OUT === 1);
const model = createDynamicsModel(runtime, {
  ...{ observationSize: D, actionSize: A, angles: swimmer.angles, probabilistic: false },
  ...{ members: 2, hidden: [128, 128], activation: "swish", seed: 0 },
});
for (const [rate, epochs] of SCHEDULE) {
  model.network.optimizer.learningRate = rate;
  const options = { epochs, patience: 50, batchSize: 256, bootstrap: false, improvement: 0, holdoutRows: held };
  const { trainLoss, score } = model.fit(buffer, options);
  const mean = (of: readonly number[]) => (of.reduce((sum, value) => sum + value, 0) / of.length).toExponential(1);
  console.log(`step size ${rate}: training loss ${mean(trainLoss)}, held out ${mean(score)}`);
}

const [now, next, actions] = [buffer.observation, buffer.nextObservation, buffer.action].map((column) => column.read());
const predicted = model.predict(now, actions).nextObservation;
const variance = Array.from({ length: D }, (_, d) => {
  let [sum, squares] = [0, 0];
  for (let i = d; i < N * D; i += D) {
    sum += next[i] - now[i];
    squares += (next[i] - now[i]) ** 2;
  }
  return squares / N - (sum / N) ** 2;
});
const bins = BINS.map(() => ({ error: 0, rows: 0 }));
for (const row of held) {
  const at = row * D;
  const bend = Math.max(...[1, 2].map((d) => Math.max(Math.abs(now[at + d]), Math.abs(next[at + d]))));
  const bin = bins[BINS.findIndex((edge) => bend < edge)];
  for (let d = 0; d < D; d++) bin.error += (predicted[at + d] - next[at + d]) ** 2 / variance[d] / D;
  bin.rows++;
}
console.log("| bend below | rows | error |\n| --- | --- | --- |");
for (const [i, { error, rows }] of bins.entries()) {
  console.log(`| ${BINS[i]} | ${rows} | ${(error / rows).toExponential(1)} |`);
}
