// Updates per second of DDPG, TD3, MVE and STEVE with their defaults (minibatches of 256, networks 2×128, five models three steps
// ahead) as they learn, steps of the environment between them included, fits of models not, and the share of the time that is
// inside kernels. The bar: at least 90 %.

import { ddpg, mve, steve, td3 } from "../src/algorithms/index.js";
import { halfCheetah, makeVectorEnv, pendulum } from "../src/envs/index.js";
import type { Runtime } from "../src/wasm/index.js";
import { clock } from "./clock.js";
import type { Case } from "./harness.js";

const GOAL = 0.9;
const WARM = 100;
const UPDATES = 500;

export async function cases(runtime: Runtime): Promise<Case[]> {
  const seconds = clock(runtime);
  const learners = [
    [ddpg as typeof mve, pendulum, 1],
    [ddpg as typeof mve, pendulum, 2],
    [td3 as typeof mve, halfCheetah, 2],
    [mve, halfCheetah, 2],
    [steve, halfCheetah, 4],
  ] as const;
  for (const [make, task, critics] of learners) {
    const env = makeVectorEnv(runtime, task, { batch: 1, autoreset: "same-step" });
    let started = 0;
    const run = make(runtime, env, {
      trials: 2 ** 31 - 1,
      totalSteps: 300 + WARM + UPDATES,
      initialSteps: 300,
      critics,
      onStep: ({ phase }) => {
        if (phase !== "update" || run.updates !== WARM) return;
        seconds.clear();
        started = performance.now();
      },
    });
    for await (const _ of run);
    const whole = (performance.now() - started) / 1000;
    const percent = (value: number): string => `${((100 * value) / whole).toFixed(1).padStart(5)} %`;
    const inside = [...seconds.values()].reduce((sum, value) => sum + value, 0);
    const critic = critics === 1 ? "one critic" : `${critics} critics`;
    console.log(`${make.name} on ${task.id}, ${critic}: ${(UPDATES / whole).toFixed(0)} updates and steps a second`);
    console.log(`  inside kernels                    ${percent(inside)} (goal: at least ${100 * GOAL} %)`);
    const most = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 8);
    for (const [name, value] of most) console.log(`  ${name.padEnd(34)}${percent(value)}`);
    run.dispose();
    env.close();
  }
  return [];
}
