// How errors compound when a learned model goes on from its own predictions. Two models of the pendulum with the same data,
// parameters and first weights, one that learned to predict a step and one that learned from the errors of several steps, each
// beside the real pendulum in two ways:
//   anchored    ŝ_{t+1} = f(s_t, a_t)     told the truth at every step: what the loss of one step is about
//   open loop   ŝ_{t+1} = f(ŝ_t, a_t)     told it at the start only: what a planner asks for

import {
  createDynamicsModel,
  createReplayBuffer,
  type DynamicsModel,
  makeEnv,
  openLoopLoss,
  pendulum,
  RandomStream,
  type Runtime,
} from "mbrl-wasm";

/** Numbers of an observation: cos θ, sin θ, θ̇. */
export const D = 3;

export interface Sizes {
  /** Transitions that the models learn from, in episodes of 200 steps. */
  readonly rows: number;
  readonly hidden: readonly number[];
  readonly epochs: number;
  /** Steps of the other loss. */
  readonly multiStep: number;
  /** Steps of a comparison, and comparisons; they are of episodes that no model learned from. */
  readonly horizon: number;
  readonly windows: number;
  readonly seed: number;
}

export const sizes: Sizes = {
  rows: 2000,
  // few units: what a model cannot represent is what its loss decides on
  hidden: [16],
  epochs: 150,
  multiStep: 16,
  horizon: 60,
  windows: 200,
  seed: 0,
};

/** W stretches of H steps: observations [H + 1][W · D], actions [H][W]. */
export interface Windows {
  readonly observations: readonly Float32Array[];
  readonly actions: readonly Float32Array[];
}

/** What a model makes of the windows: observations [H + 1][W · D], the first of them the true ones. */
export interface Predictions {
  readonly anchored: readonly Float32Array[];
  readonly openLoop: readonly Float32Array[];
}

export interface Comparison {
  readonly sizes: Sizes;
  readonly windows: Windows;
  /** By the steps of the loss: 1, and `multiStep`. */
  readonly models: readonly { readonly loss: number; readonly predictions: Predictions; readonly errors: Errors }[];
}

/** Root mean square errors after 0 … H steps, over windows and numbers of an observation, in their standard deviations. */
export interface Errors {
  readonly anchored: readonly number[];
  readonly openLoop: readonly number[];
}

interface Episode {
  readonly observations: readonly Float32Array[];
  readonly actions: readonly Float32Array[];
  readonly rewards: readonly number[];
}

/** Episodes of torques drawn uniformly, each held for two steps: it swings, and now and then goes over the top. */
function episodes(runtime: Runtime, count: number, seed: number): Episode[] {
  const env = makeEnv(runtime, pendulum, { seed });
  const random = new RandomStream(runtime, seed, "compounding-error");
  const torque = runtime.tensor([1]);
  const all = Array.from({ length: count }, () => {
    const observations = [Float32Array.from(env.reset().observation)];
    const [actions, rewards]: [Float32Array[], number[]] = [[], []];
    for (let t = 0, over = false; !over; t++) {
      if (t % 2 === 0) random.uniform(torque);
      const action = Float32Array.of(4 * torque.view[0] - 2);
      const step = env.step(action);
      observations.push(Float32Array.from(step.observation));
      actions.push(action);
      rewards.push(step.reward);
      over = step.truncated;
    }
    return { observations, actions, rewards };
  });
  torque.dispose();
  random.dispose();
  env.close();
  return all;
}

function train(runtime: Runtime, data: readonly Episode[], steps: number, { rows, hidden, epochs, seed }: Sizes) {
  const buffer = createReplayBuffer(runtime, { capacity: rows, observationSize: D, actionSize: 1 });
  for (const { observations, actions, rewards } of data) {
    for (const [t, action] of actions.entries()) {
      if (buffer.length === rows) break;
      const [observation, nextObservation] = [observations[t], observations[t + 1]];
      const ends = { terminated: false, truncated: t + 1 === actions.length };
      buffer.add({ observation, action, reward: rewards[t], nextObservation, ...ends });
    }
  }
  const shape = { observationSize: D, actionSize: 1, members: 1, hidden, probabilistic: false, seed };
  const model = createDynamicsModel(runtime, shape);
  // the same rows are held out for both: every tenth stretch of 100
  const holdoutRows = Uint32Array.from({ length: rows }, (_, row) => row).filter((r) => Math.floor(r / 100) % 10 === 9);
  const loss = steps > 1 ? openLoopLoss(steps) : undefined;
  model.fit(buffer, { epochs, patience: epochs, loss, bootstrap: false, holdoutRows });
  buffer.dispose();
  return model;
}

/** `count` stretches of `horizon` steps, evenly taken from the episodes. */
function cut(data: readonly Episode[], horizon: number, count: number): Windows {
  const starts = data.flatMap((episode) =>
    Array.from({ length: Math.floor(episode.actions.length / horizon) }, (_, i) => ({ episode, t: i * horizon })),
  );
  const chosen = starts.slice(0, count);
  const gather = (pick: (episode: Episode) => readonly Float32Array[], k: number): Float32Array =>
    Float32Array.from(chosen.flatMap(({ episode, t }) => [...pick(episode)[t + k]]));
  return {
    observations: Array.from({ length: horizon + 1 }, (_, k) => gather((e) => e.observations, k)),
    actions: Array.from({ length: horizon }, (_, k) => gather((e) => e.actions, k)),
  };
}

/** Both ways of predicting what came in the windows. */
export function predict(model: DynamicsModel, { observations, actions }: Windows): Predictions {
  const anchored = [observations[0]];
  const openLoop = [observations[0]];
  for (const [k, action] of actions.entries()) {
    anchored.push(model.predict(observations[k], action).nextObservation);
    openLoop.push(model.predict(openLoop[k], action).nextObservation);
  }
  return { anchored, openLoop };
}

/** Standard deviation of each number of an observation, over all windows and steps. */
function deviations({ observations }: Windows): number[] {
  return Array.from({ length: D }, (_, d) => {
    const column = observations.flatMap((rows) => [...rows].filter((_, i) => i % D === d));
    const mean = column.reduce((a, b) => a + b, 0) / column.length;
    return Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length);
  });
}

/** Squared error of each window after k steps, mean over the numbers of an observation. */
export function squaredErrors(windows: Windows, predicted: readonly Float32Array[], k: number): Float64Array {
  const scale = deviations(windows);
  const truth = windows.observations[k];
  const errors = new Float64Array(truth.length / D);
  for (const [i, value] of predicted[k].entries()) {
    errors[Math.floor(i / D)] += ((value - truth[i]) / scale[i % D]) ** 2 / D;
  }
  return errors;
}

function rms(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** Learns both models and compares them with what really came. */
export function compare(runtime: Runtime, given: Sizes = sizes): Comparison {
  const { rows, horizon, windows: count, multiStep, seed } = given;
  const perEpisode = Math.floor(pendulum.maxEpisodeSteps / horizon);
  const data = episodes(runtime, Math.ceil(rows / pendulum.maxEpisodeSteps), seed);
  const windows = cut(episodes(runtime, Math.ceil(count / perEpisode), seed + 1), horizon, count);
  const models = [1, multiStep].map((loss) => {
    const model = train(runtime, data, loss, given);
    const predictions = predict(model, windows);
    model.dispose();
    const errorsOf = (predicted: readonly Float32Array[]): number[] =>
      predicted.map((_, k) => rms(squaredErrors(windows, predicted, k)));
    const errors = { anchored: errorsOf(predictions.anchored), openLoop: errorsOf(predictions.openLoop) };
    return { loss, predictions, errors };
  });
  return { sizes: given, windows, models };
}

/** The window on which the model of one step errs as much as on half of the others: what is drawn is not chosen for its looks. */
export function medianWindow({ sizes: { horizon }, windows, models: [{ predictions }] }: Comparison): number {
  const total = new Float64Array(windows.actions[0].length);
  for (let k = 1; k <= horizon; k++) {
    for (const [w, error] of squaredErrors(windows, predictions.openLoop, k).entries()) total[w] += error;
  }
  const order = [...total.keys()].sort((a, b) => total[a] - total[b]);
  return order[Math.floor(order.length / 2)];
}

/** Steps after which errors are printed. */
const printed = ({ horizon }: Sizes): number[] => [1, 2, 5, 10, 20, 40, 60].filter((k) => k <= horizon);

/** Markdown: open-loop errors of the loss of several steps as shares of those of one step, a row for each comparison. */
export function ratios(comparisons: readonly Comparison[]): string {
  const steps = printed(comparisons[0].sizes);
  const rows = comparisons.map(({ sizes: { seed }, models: [one, several] }) => {
    const shares = steps.map((k) => `${Math.round((100 * several.errors.openLoop[k]) / one.errors.openLoop[k])} %`);
    return `| seed ${seed} | ${shares.join(" | ")} |`;
  });
  return [`| share after … steps | ${steps.join(" | ")} |`, `|---${"|---:".repeat(steps.length)}|`, ...rows].join("\n");
}

/** Markdown: root mean square errors after some numbers of steps. */
export function table({ sizes, models }: Comparison): string {
  const steps = printed(sizes);
  const row = (name: string, errors: readonly number[]): string =>
    `| ${[name, ...steps.map((k) => errors[k].toPrecision(2))].join(" | ")} |`;
  const rows = models.flatMap(({ loss, errors }) => [
    row(`loss of ${loss} step${loss > 1 ? "s" : ""}, told the truth at every step`, errors.anchored),
    row(`loss of ${loss} step${loss > 1 ? "s" : ""}, open loop`, errors.openLoop),
  ]);
  const head = `| error after … steps | ${steps.join(" | ")} |`;
  return [head, `|---${"|---:".repeat(steps.length)}|`, ...rows].join("\n");
}
