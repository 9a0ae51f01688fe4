// Policies with parameters that are not special, batches they have acted on, and their float64 twins.

import * as assert from "uvu/assert";
import { box, discrete } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { createPolicy, type Policy, type PolicyKind, type PolicyOptions } from "../../src/policies/index.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import { member, rowsOf, twin as mlpOf } from "../nn/support.js";
import { flat, type PolicyTwin } from "../oracle/policies.js";

/** What there is to test: all kinds, and both forms of log σ. */
export const variants: readonly { name: string; kind: PolicyKind; std?: PolicyOptions["std"] }[] = [
  { name: "gaussian", kind: "gaussian" },
  { name: "gaussian, state-dependent", kind: "gaussian", std: "state-dependent" },
  { name: "squashed", kind: "squashed" },
  { name: "squashed, state-dependent", kind: "squashed", std: "state-dependent" },
  { name: "categorical", kind: "categorical" },
  { name: "deterministic", kind: "deterministic" },
];

export const D = 5;
/** No multiple of any block. */
export const ROWS = 133;

export interface Setup {
  readonly policy: Policy;
  readonly random: RandomStream;
  /** Filtered otherwise than as they are: some are clipped. */
  readonly observation: Tensor;
  readonly noise: Tensor;
}

/** A policy with weights as large as those of a trained one, and a batch. */
export function setup(runtime: Runtime, variant: (typeof variants)[number], options?: Partial<PolicyOptions>): Setup {
  const { kind, std } = variant;
  const actionSpace = kind === "categorical" ? discrete(4, 1) : box([-2, 0, -Infinity], [2, 1, 3]);
  const policy = createPolicy(runtime, {
    kind,
    observationSize: D,
    actionSpace,
    hidden: [19, 12],
    seed: 3,
    ...(std && { std }),
    ...options,
  });
  const random = new RandomStream(runtime, 1, "test");
  randomize(policy, random);
  const observation = runtime.tensor([ROWS, D]);
  const few = runtime.tensor([20, D]);
  random.normal(few);
  few.write(few.read().map((x, i) => 0.5 * x + (i % D)));
  policy.filter.update(few, 20);
  random.normal(observation);
  observation.write(observation.read().map((x, i) => 2 * x + (i % D)));
  const noise = runtime.tensor([ROWS, policy.actionSize]);
  if (kind === "categorical") random.uniform(noise);
  else random.normal(noise);
  return { policy, random, observation, noise };
}

/** Other parameters; those that are masked stay zero. */
export function randomize(policy: Policy, random: RandomStream, scale = 0.5): void {
  const { network, actionSize: A } = policy;
  const state = network.weights();
  for (const [name, { shape, data }] of Object.entries(state.arrays)) {
    const drawn = policy.runtime.tensor([data.length]);
    random.normal(drawn);
    const last = name === `layer${network.layers.length - 2}.weight`;
    const columns = shape[shape.length - 1];
    drawn.view.forEach((x, i) => {
      data[i] = last && policy.constantStd && i % columns >= A ? 0 : scale * x;
    });
    drawn.dispose();
  }
  network.setWeights(state);
}

export function twinOf(policy: Policy): PolicyTwin {
  const { actionSpace, filter } = policy;
  const continuous = actionSpace.kind === "box";
  return {
    kind: policy.kind,
    A: policy.actionSize,
    constantStd: policy.constantStd,
    mlp: mlpOf(policy.network, 0),
    mean: [...filter.mean.view],
    inverseStd: [...filter.inverseStd.view],
    limit: filter.limit,
    low: continuous ? [...actionSpace.low] : [],
    high: continuous ? [...actionSpace.high] : [],
    start: continuous ? 0 : actionSpace.start,
  };
}

/** The first rows of a tensor [rows, columns]. */
export function rowsIn(tensor: Tensor, columns: number, rows = ROWS): number[][] {
  const values = [...tensor.view];
  return Array.from({ length: rows }, (_, r) => values.slice(r * columns, (r + 1) * columns));
}

/** Heads of the last forward pass, without padding. */
export function headRows(policy: Policy, head: Tensor, rows = ROWS): number[][] {
  return rowsOf(head, 0, rows, policy.headSize);
}

/** A tensor laid out as the parameters, in the order of the twin's `flat`. */
export function flatOf(policy: Policy, tensor: Tensor): number[] {
  return flat(member(policy.network, tensor, 0));
}

/** A direction in parameter space that leaves padding alone. */
export function directionOf(policy: Policy, random: RandomStream): Tensor {
  const direction = policy.runtime.tensor([policy.network.params.size]);
  random.normal(direction);
  const values = direction.read();
  const padding = paddingOf(policy);
  return direction.write(values.map((x, i) => (padding[i] ? 0 : x)));
}

// 1 where no parameter is
function paddingOf(policy: Policy): Uint8Array {
  const { network } = policy;
  const before = network.weights();
  const ones = structuredClone(before);
  for (const { data } of Object.values(ones.arrays)) data.fill(1);
  network.setWeights(ones);
  const padding = Uint8Array.from(network.params.view, (value) => Number(value === 0));
  network.setWeights(before);
  return padding;
}

/** Relative distance ‖a − b‖ / ‖b‖. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers beside ${b.length}`);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference) / Math.sqrt(norm);
}

/** Fails unless the relative distance is within the tolerance. */
export function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const error = distance(actual, expected);
  assert.ok(error <= tolerance, `${what}: relative distance ${error}`);
}

/** Rows that a policy has acted on. */
export interface Batch extends Setup {
  readonly pass: ReturnType<Policy["pass"]>;
  readonly raw: Tensor;
  readonly action: Tensor;
  readonly logProb: Tensor;
  /** Weights of rows, some of them 0. */
  readonly weight: Tensor;
  readonly twin: PolicyTwin;
  readonly xs: number[][];
}

export function batch(on: Runtime, variant: (typeof variants)[number]): Batch {
  const parts = setup(on, variant);
  const { policy, observation, noise, random } = parts;
  const A = policy.actionSize;
  const pass = policy.pass(ROWS);
  pass.forward(observation, ROWS);
  const [action, raw, logProb, weight] = [
    on.tensor([ROWS, A]),
    on.tensor([ROWS, A]),
    on.tensor([ROWS]),
    on.tensor([ROWS]),
  ];
  pass.act(action, raw, logProb, noise);
  random.uniform(weight);
  weight.write(weight.read().map((w, r) => (r % 7 === 3 ? 0 : w)));
  return { ...parts, pass, action, raw, logProb, weight, twin: twinOf(policy), xs: rowsIn(observation, D) };
}

/** Another policy's head on the same rows: what the old one of a KL is. */
export function movedHead({ policy, pass, observation }: Batch): Tensor {
  const before = policy.network.params.read();
  policy.network.params.write(before.map((value) => value * 1.1));
  policy.network.changed();
  pass.forward(observation, ROWS);
  const old = policy.runtime.tensor(pass.head.shape).write(pass.head.read());
  policy.network.params.write(before);
  policy.network.changed();
  pass.forward(observation, ROWS);
  return old;
}
