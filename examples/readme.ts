// The example of the README, as it stands there.
import { cartPoleContinuous, loadRuntime, makeEnv, pets } from "mbrl-wasm";

const runtime = await loadRuntime();
const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });

// learn: five small networks, planning by cross-entropy through all of them
const run = pets(runtime, env, { trials: 6, seed: 0 });
for await (const { trial, envSteps, episodeReturn } of run) {
  console.log(`trial ${trial}: ${envSteps} steps in all, return ${episodeReturn.toFixed(1)} of 200`);
}

// act: the agent plans from any observation
run.agent.reset();
const { observation } = env.reset({ seed: 1 });
console.log("force on the cart:", run.agent.act(observation));
