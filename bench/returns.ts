// npx tsx bench/returns.ts [--episodes 20] [--seed 1] [--physics float32,float64] [--task HalfCheetah-v5] file …: the mean return of
// saved policies on our tasks and on the official MuJoCo build, from the same starts (test/physics/accuracy/returns.ts). A file is
// JSON with the policy's arrays (plain-policy.ts beside it), or a checkpoint: `policy.save()`'s state, or that of a run which holds
// it, for --task. Ends with 1 when they differ by more than 2 %.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { loadCheckpoint } from "../src/node/index.js";
import { loadRuntime } from "../src/wasm/index.js";
import type { PlainPolicy } from "../test/physics/accuracy/plain-policy.js";
import { compareReturns, taskNamed } from "../test/physics/accuracy/returns.js";
import { plainOfSaved } from "../test/physics/accuracy/saved-policy.js";

const { values, positionals } = parseArgs({
  options: {
    episodes: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    physics: { type: "string", default: "float32,float64" },
    task: { type: "string", default: "HalfCheetah-v5" },
  },
  allowPositionals: true,
});
async function policyOf(file: string): Promise<PlainPolicy> {
  if (file.endsWith(".json")) return JSON.parse(readFileSync(file, "utf8")) as PlainPolicy;
  const { actionSpace } = taskNamed(values.task);
  return plainOfSaved(await loadRuntime(), await loadCheckpoint(file), values.task, actionSpace);
}

const percent = (x: number) => `${(100 * x).toPrecision(2)} %`;
console.log("| task | lanes | starts | ours | MuJoCo | MuJoCo rounded to float32 | apart | chance |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
for (const file of positionals) {
  const policy = await policyOf(file);
  for (const physics of values.physics.split(",") as ("float32" | "float64")[]) {
    const options = { episodes: Number(values.episodes), seed: Number(values.seed) };
    const found = compareReturns(await loadRuntime({ physics }), policy, options);
    const { task, episodes, ours, theirs, rounded, ofTheirs, ofOurs, chance, passed } = found;
    const means = [ours, theirs, rounded].map((each) => `${each.mean.toFixed(1)} ± ${each.standardError.toFixed(1)}`);
    const apart = percent(Math.max(ofTheirs, ofOurs)) + (passed ? "" : " **missed**");
    console.log(`| ${[task, physics, episodes, ...means, apart, percent(chance)].join(" | ")} |`);
    if (!passed) process.exitCode = 1;
  }
}
