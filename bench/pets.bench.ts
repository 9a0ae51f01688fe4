// PETS on cart-pole with its defaults, after one trial: the control step, which must fit the 20 ms that a step of the task
// lasts; and an epoch of fitting the model to what was seen.

import { pets } from "../src/algorithms/index.js";
import { cartPoleContinuous, makeEnv } from "../src/envs/index.js";
import type { Runtime } from "../src/wasm/index.js";
import type { Case } from "./harness.js";

export async function cases(runtime: Runtime): Promise<Case[]> {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
  const run = pets(runtime, env, { trials: 1, seed: 0 });
  for await (const { episodeReturn } of run)
    if (!(episodeReturn > 0)) throw new Error("pets: the trial came to nothing");
  const { observation } = env.reset({ seed: 1 });
  const action = new Float32Array(1);
  const { planner, horizon, population, iterations } = run.settings;
  return [
    {
      name: `control step, ${planner} N=${population} H=${horizon} I=${iterations}`,
      unit: "ms",
      ours: { name: "mbrl-wasm", run: () => run.agent.act(observation, action)[0]! },
      check() {
        run.agent.reset();
        const [force] = run.agent.act(observation, action);
        if (!(Math.abs(force!) <= 1)) throw new Error(`pets: force ${force}`);
      },
    },
    {
      name: `fit, one epoch of ${run.buffer.length} transitions`,
      unit: "ms",
      ours: { name: "mbrl-wasm", run: () => run.model.fit(run.buffer, { epochs: 1 }).score[0]! },
      check() {
        const { score } = run.model.fit(run.buffer, { epochs: 1 });
        if (!score.every(Number.isFinite)) throw new Error(`pets: scores ${score}`);
      },
    },
  ];
}
