// npx tsx bench/expansion-chain.ts [--seeds 20] [--steps 10000]: STEVE's toy problem (test/support/chain.ts) by every rule, with models of
// which a tenth of the steps leads anywhere, and with perfect ones: mean square errors of the targets and of the learned values
// against the true ones in the last tenth, mean over seeds.

import { parseArgs } from "node:util";
import { expansionRules } from "../src/learning/index.js";
import { loadRuntime } from "../src/wasm/index.js";
import { learnChain } from "../test/support/chain.js";
import { generator } from "../test/support/numbers.js";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "20" }, steps: { type: "string", default: "10000" } },
});
const [seeds, steps] = [values.seeds, values.steps].map(Number);
const runtime = await loadRuntime({ threads: 1 });
console.log(
  "| models | rule | error of targets in the first tenth | in the last | of values at last | best of all rules in |",
);
console.log("|---|---|---|---|---|---|");
for (const noise of [0.1, 0]) {
  const runs = expansionRules.map((rule) =>
    Array.from({ length: seeds }, (_, seed) => {
      const next = generator(seed + 1);
      return learnChain(runtime, { rule, noise, steps, random: () => (next() + 1) / 2 });
    }),
  );
  const mean = (numbers: readonly number[]): string =>
    (numbers.reduce((a, b) => a + b, 0) / numbers.length).toPrecision(3);
  expansionRules.forEach((rule, i) => {
    const [first, last, q] = [
      runs[i].map(({ target }) => target[0]),
      runs[i].map(({ target }) => target[9]),
      runs[i].map((run) => run.q[9]),
    ];
    const best = last.filter((error, seed) => runs.every((other) => other[seed].target[9] >= error)).length;
    console.log(
      `| ${[noise ? "noisy" : "perfect", rule, mean(first), mean(last), mean(q), `${best} of ${seeds}`].join(" | ")} |`,
    );
  });
}
