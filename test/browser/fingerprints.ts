// What Node and the browser must agree on, as SHA-256 of bits. Runs in both, so it imports nothing of either.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import {
  box,
  cartPoleContinuous,
  createPolicy,
  createValueFunction,
  discrete,
  loadRuntime,
  makeEnv,
  makeVectorEnv,
  mePpo,
  meTrpo,
  pendulum,
  pets,
  ppo,
  RandomStream,
  type Run,
  type RuntimeOptions,
  steve,
  svg,
  td3,
  trpo,
} from "../../src/index.js";
import { compileMjcf } from "../../src/physics/index.js";
import { finish } from "../../src/steps.js";
import { randomMjcf } from "../physics/mjcf/random-model.js";
import { kernelCases } from "../support/kernel-cases.js";

/** The bits of every kernel's outputs, each called twice (so that outputs that accumulate do), and of compiled models. */
export async function kernelFingerprint(options?: RuntimeOptions): Promise<string> {
  const runtime = await loadRuntime(options);
  const hash = sha256.create();
  const scope = runtime.scoped((inner) => inner);
  for (const { kernel, outputs, call } of kernelCases(scope)) {
    call();
    call();
    hash.update(new TextEncoder().encode(kernel));
    for (const { view } of outputs) hash.update(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }
  scope.dispose();
  // seeds of documents that are valid
  for (const seed of [4, 7, 10]) {
    const model = compileMjcf(runtime.kernels, randomMjcf(seed));
    for (const value of Object.values(model)) {
      if (value instanceof Float64Array) hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
  }
  return bytesToHex(hash.digest());
}

// the one entry that is no function of the seed
function withoutClock(key: string, value: unknown): unknown {
  return key === "wallSeconds" ? undefined : value;
}

/** SHA-256 of a learning run to its end: of all that it saves (parameters, data, optimizer, random streams), and of its log. */
async function runFingerprint(run: Run): Promise<{ state: string; log: string; episodeReturns: number[] }> {
  const lines: string[] = [];
  const episodeReturns: number[] = [];
  for await (const { wallSeconds: _, ...line } of run) {
    lines.push(JSON.stringify(line));
    episodeReturns.push(line.episodeReturn);
  }
  const { meta, arrays } = run.save();
  const state = sha256.create();
  state.update(new TextEncoder().encode(JSON.stringify(meta, withoutClock)));
  for (const name of Object.keys(arrays).sort()) {
    const { shape, data } = arrays[name]!;
    state.update(new TextEncoder().encode(`${name} ${shape}`));
    state.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  run.dispose();
  const log = sha256(new TextEncoder().encode(lines.join("\n")));
  return { state: bytesToHex(state.digest()), log: bytesToHex(log), episodeReturns };
}

/** SHA-256 of two trials of PETS. */
export async function petsFingerprint(
  options?: RuntimeOptions,
): Promise<{ state: string; log: string; episodeReturns: number[] }> {
  const runtime = await loadRuntime(options);
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
  const result = await runFingerprint(pets(runtime, env, { trials: 2, seed: 0 }));
  env.close();
  runtime.dispose();
  return result;
}

/** SHA-256 of small runs that learn a policy, in an environment and in models, by algorithm. */
export async function learnersFingerprint(options?: RuntimeOptions): Promise<Record<string, string>> {
  const runtime = await loadRuntime(options);
  const small = { seed: 0, hidden: [8], trials: 2 };
  const free = { ...small, steps: 210 };
  const world = { ...small, members: 2, epochs: 3, horizon: 10, imaginedSteps: 100, stepsPerIteration: 200 };
  const inModels = { ...world, startPool: 20, policyIterations: 4, validateEvery: 2, validationStarts: 4 };
  const replayed = { ...small, batchSize: 16, initialSteps: 60, updatesPerStep: 0.2 };
  const vector = () => makeVectorEnv(runtime, pendulum, { batch: 2, seed: 0, autoreset: "same-step" });
  const single = () => makeEnv(runtime, pendulum, { seed: 0 });
  const runs: Record<string, () => Run> = {
    trpo: () => trpo(runtime, vector(), free),
    ppo: () => ppo(runtime, vector(), free),
    "me-trpo": () => meTrpo(runtime, single(), inModels),
    "me-ppo": () => mePpo(runtime, single(), inModels),
    svg: () => svg(runtime, single(), inModels),
    td3: () => td3(runtime, vector(), replayed),
    steve: () => steve(runtime, vector(), { ...replayed, members: 2, modelHidden: [8], modelSteps: 50 }),
  };
  const results: Record<string, string> = {};
  for (const [name, start] of Object.entries(runs)) {
    const { state, log, episodeReturns } = await runFingerprint(start());
    results[name] = `${state} ${log} ${episodeReturns.length}`;
  }
  runtime.dispose();
  return results;
}

/**
 * SHA-256 of what policies compute: draws, policy gradients, Fisher-vector products, divergences, an agent's actions, and a fit
 * of a value function.
 */
export async function policyFingerprint(options?: RuntimeOptions): Promise<string> {
  const runtime = await loadRuntime(options);
  const hash = sha256.create();
  const add = (values: Float32Array): void => {
    hash.update(new Uint8Array(values.slice().buffer));
  };
  const [rows, D] = [200, 5];
  const random = new RandomStream(runtime, 3, "fingerprint");
  const [observation, weight] = [runtime.tensor([rows, D]), runtime.tensor([rows])];
  random.normal(observation);
  random.normal(weight);
  for (const kind of ["gaussian", "squashed", "categorical"] as const) {
    const actionSpace = kind === "categorical" ? discrete(3) : box([-2, -1], [2, 3]);
    const policy = createPolicy(runtime, { kind, observationSize: D, actionSpace, seed: 1 });
    policy.filter.update(observation, rows);
    const A = policy.actionSize;
    const [noise, action, raw] = [runtime.tensor([rows, A]), runtime.tensor([rows, A]), runtime.tensor([rows, A])];
    if (kind === "categorical") random.uniform(noise);
    else random.normal(noise);
    const pass = policy.pass(rows);
    pass.forward(observation, rows);
    const old = runtime.tensor(pass.head.shape).write(pass.head.read());
    pass.act(action, raw, undefined, noise);
    const gradients = runtime.tensor([policy.network.params.size]);
    pass.gradient(gradients, raw, weight, 0.1);
    add(action.read());
    add(gradients.read());
    policy.network.params.write(policy.network.params.read().map((value, i) => value + 0.01 * gradients.view[i]));
    policy.network.changed();
    pass.forward(observation, rows);
    add(Float32Array.of(pass.kl(old)));
    pass.fisher(gradients, gradients);
    add(gradients.read());
    const agent = policy.agent({ stochastic: true });
    for (let i = 0; i < 5; i++) add(agent.act(observation.read().slice(D * i, D * (i + 1))));
  }
  const value = createValueFunction(runtime, { observationSize: D, seed: 1 });
  finish(value.fitSteps(observation, weight, rows, undefined, { random }));
  value.predict(weight, observation, rows);
  add(weight.read());
  runtime.dispose();
  return bytesToHex(hash.digest());
}
