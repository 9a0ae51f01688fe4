// A task's reward and termination over batches of observations, as planners and models take them.

import { wrongValue } from "../check.js";
import type { CompiledFunction, RewardFunction, RewardGradients, TerminationFunction } from "../types.js";
import { type Runtime, Scope } from "../wasm/index.js";
import { spaceSize } from "./spaces.js";
import type { Task } from "./task.js";

/** Reward over arrays, which takes memory for the length of a call, and as rollouts in Wasm know it. */
export function rewardFunction(runtime: Runtime, task: Task): RewardFunction {
  const D = task.observationSpace.low.length;
  const A = spaceSize(task.actionSpace);
  const reward: RewardFunction = (observation, action, nextObservation, out) => {
    const B = out.length;
    checkRows("reward", "observation", observation, B, D);
    checkRows("reward", "action", action, B, A);
    checkRows("reward", "nextObservation", nextObservation, B, D);
    const scope = new Scope(runtime);
    try {
      const inputs = [observation, action, nextObservation].map(
        (rows) => scope.tensor([rows.length]).write(rows).address,
      );
      const result = scope.tensor([B]);
      runtime.kernels.task_reward(task.number, result.address, inputs[0], inputs[1], inputs[2], B);
      result.read(out);
    } finally {
      scope.dispose();
    }
  };
  const { kernels } = runtime;
  if (!kernels.task_differentiable(task.number)) return Object.assign(reward, { compiled: compiled(task) });
  return Object.assign(reward, { compiled: compiled(task), gradient: rewardGradient(runtime, task, D, A) });
}

/** The gradient that goes with the reward. */
function rewardGradient(runtime: Runtime, task: Task, D: number, A: number): NonNullable<RewardFunction["gradient"]> {
  const op = "reward.gradient";
  return (observation, action, nextObservation, weight, out: RewardGradients) => {
    const B = weight.length;
    const sizes = { observation: D, action: A, nextObservation: D };
    const inputs = { observation, action, nextObservation };
    for (const name of ["observation", "action", "nextObservation"] as const) {
      checkRows(op, name, inputs[name], B, sizes[name]);
      checkRows(op, `out.${name}`, out[name], B, sizes[name]);
    }
    const scope = new Scope(runtime);
    try {
      const tensor = (rows: Float32Array) => scope.tensor([rows.length]).write(rows);
      const gradients = [out.observation, out.action, out.nextObservation].map(tensor);
      const [s, a, next, w] = [observation, action, nextObservation, weight].map((rows) => tensor(rows).address);
      const [ds, da, dnext] = gradients.map(({ address }) => address);
      runtime.kernels.task_reward_vjp(task.number, ds, da, dnext, s, a, next, w, B);
      [out.observation, out.action, out.nextObservation].forEach((to, i) => {
        gradients[i].read(to);
      });
    } finally {
      scope.dispose();
    }
  };
}

/** Termination likewise. */
export function terminationFunction(runtime: Runtime, task: Task): TerminationFunction {
  const D = task.observationSpace.low.length;
  const terminated: TerminationFunction = (nextObservation, out) => {
    const B = out.length;
    checkRows("terminated", "nextObservation", nextObservation, B, D);
    const scope = new Scope(runtime);
    try {
      const next = scope.tensor([nextObservation.length]).write(nextObservation);
      const result = scope.tensor([B], "u8");
      runtime.kernels.task_terminated(task.number, result.address, next.address, B);
      result.read(out);
    } finally {
      scope.dispose();
    }
  };
  return Object.assign(terminated, { compiled: compiled(task) });
}

function compiled(task: Task): CompiledFunction {
  const { id, number, observationSpace, actionSpace } = task;
  return { id, task: number, observationSize: observationSpace.low.length, actionSize: spaceSize(actionSpace) };
}

function checkRows(op: string, name: string, rows: ArrayLike<number>, B: number, width: number): void {
  if (rows.length !== B * width) wrongValue(op, name, `shape [${B}, ${width}]`, rows);
}
