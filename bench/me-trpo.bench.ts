// Where the time of one outer iteration of ME-TRPO goes: Pendulum with the defaults but fewer passes and policy iterations,
// its second iteration, whose models and policy have learned something. Every kernel of the runtime is wrapped in a clock, on
// one thread, so that all regions run inside `tasks_run`. The bar: at least 80 % of the iteration inside kernels.

import { meTrpo } from "../src/algorithms/index.js";
import { makeEnv, pendulum } from "../src/envs/index.js";
import type { Runtime } from "../src/wasm/index.js";
import { clock } from "./clock.js";
import type { Case } from "./harness.js";

const GOAL = 0.8;

export async function cases(runtime: Runtime): Promise<Case[]> {
  const env = makeEnv(runtime, pendulum, { seed: 0 });
  const run = meTrpo(runtime, env, { trials: 2, seed: 0, epochs: 60, policyIterations: 30 });
  const seconds = clock(runtime);
  let started = performance.now();
  let whole = 0;
  for await (const { trial } of run) {
    whole = (performance.now() - started) / 1000;
    if (trial === 0) seconds.clear();
    started = performance.now();
  }
  const percent = (value: number): string => `${((100 * value) / whole).toFixed(1).padStart(5)} %`;
  const inside = [...seconds.values()].reduce((sum, value) => sum + value, 0);
  console.log(`one outer iteration, ${run.buffer.length} transitions: ${whole.toFixed(1)} s`);
  for (const [phase, value] of Object.entries(run.seconds)) console.log(`  ${phase.padEnd(34)}${percent(value)}`);
  console.log(`inside kernels                      ${percent(inside)} (goal: at least ${100 * GOAL} %)`);
  const most = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 10);
  for (const [name, value] of most) console.log(`  ${name.padEnd(34)}${percent(value)}`);
  run.dispose();
  env.close();
  return [];
}
