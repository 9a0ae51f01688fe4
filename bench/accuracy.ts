// npm run accuracy -- [--json] [--seed 1] [model …]: how far the simulator is from the official MuJoCo build, as a table of
// median / 95th percentile / maximum per level and model, on recorded references and on states drawn from the seed. Levels and
// gates: test/physics/accuracy/protocol.ts. Ends with 1 when a gate is missed.
import { parseArgs } from "node:util";
import { loadRuntime } from "../src/wasm/index.js";
import { modelNamed, models } from "../test/physics/accuracy/models.js";
import { ourEngine } from "../test/physics/accuracy/ours.js";
import { measure, type Row } from "../test/physics/accuracy/protocol.js";
import { drawReference, recordedReference } from "../test/physics/accuracy/reference.js";

const { values, positionals } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    physics: { type: "string", default: "float32" },
  },
  allowPositionals: true,
});
const physics = values.physics as "float32" | "float64";
const engine = ourEngine(await loadRuntime({ physics }));
const chosen = positionals.length > 0 ? positionals.map(modelNamed) : models;
const scientific = (x: number) => (x === 0 ? "0" : x.toExponential(1).replace("e-", "e−"));
const gateOf = ({ gate }: Row) =>
  Object.entries(gate)
    .map(([name, limit]) => `${name} ${scientific(limit)}`)
    .join(", ");

if (!values.json) {
  console.log(`${physics} against @mujoco/mujoco 3.14.0, states of seed ${values.seed}\n`);
  console.log("| model | level | quantity | n | median | p95 | max | gate |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
}
for (const spec of chosen) {
  const fresh = drawReference(spec, { states: 50, smooth: 4, contact: 6, episodes: 32 }, Number(values.seed));
  const references = spec.recorded ? [recordedReference(spec), fresh] : [fresh];
  for (const [i, reference] of references.entries()) {
    const states = i === references.length - 1 ? "drawn" : "recorded";
    for (const row of measure(engine, reference)) {
      if (!row.passed) process.exitCode = 1;
      if (values.json) console.log(JSON.stringify({ subject: "accuracy", states, physics, ...row }));
      else {
        const cells = [`${row.model}, ${states}`, row.level, row.quantity, row.count];
        const figures = [row.median, row.p95, row.max].map(scientific);
        console.log(`| ${[...cells, ...figures, gateOf(row) + (row.passed ? "" : " **missed**")].join(" | ")} |`);
      }
    }
  }
}
