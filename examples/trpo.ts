// TRPO without a model: the example of the README.
import { cartPole, loadRuntime, makeVectorEnv, trpo } from "mbrl-wasm";

const runtime = await loadRuntime();
const env = makeVectorEnv(runtime, cartPole, { batch: 8, autoreset: "same-step" });
const run = trpo(runtime, env, { trials: 30, seed: 0 });
for await (const { envSteps, episodeReturn } of run) console.log(envSteps, episodeReturn.toFixed(1));
