// npm run accuracy -- [--json] [--seed 1] [--physics float32,float64] [--episodes 64] [--levels 8] [model …]: how far the simulator
// is from the official MuJoCo build, as a table of median / 95th percentile / maximum per level and model, on recorded references
// and on states drawn from the seed. Levels and gates: test/physics/accuracy/protocol.ts. A gate that rises above what the protocol
// says stands before it, and beside them what rounding alone makes of MuJoCo. Ends with 1 when a gate is missed.
import { parseArgs } from "node:util";
import { loadRuntime } from "../src/wasm/index.js";
import type { Gate, Row } from "../test/physics/accuracy/ledger.js";
import { modelNamed, models } from "../test/physics/accuracy/models.js";
import { ourEngine } from "../test/physics/accuracy/ours.js";
import { measure } from "../test/physics/accuracy/protocol.js";
import { drawReference, recordedReference } from "../test/physics/accuracy/reference.js";

type Precision = "float32" | "float64";

const { values, positionals } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    physics: { type: "string", default: "float32,float64" },
    episodes: { type: "string", default: "64" },
    levels: { type: "string", default: "0,1,2,3,4,5,6,7,8" },
  },
  allowPositionals: true,
});
const amounts = { states: 50, smooth: 4, contact: 6, episodes: Number(values.episodes) };
const levels = values.levels.split(",").map(Number);
const engines = await Promise.all(
  (values.physics.split(",") as Precision[]).map(async (physics) => ({
    physics,
    engine: ourEngine(await loadRuntime({ physics })),
  })),
);
const chosen = positionals.length > 0 ? positionals.map(modelNamed) : models;
const scientific = (x: number) => (x === 0 ? "0" : x.toExponential(1).replace("e-", "e−"));
const limits = (gate: Gate) =>
  Object.entries(gate)
    .map(([name, limit]) => `${name} ${scientific(limit)}`)
    .join(", ");

function print(physics: Precision, states: string, row: Row): void {
  if (values.json) {
    console.log(JSON.stringify({ subject: "accuracy", states, physics, ...row }));
    return;
  }
  const cells = [`${row.model}, ${states}`, physics, row.level, row.quantity, row.count];
  const figures = [row.median, row.p95, row.max].map(scientific);
  const { median, max } = row.rounded ?? {};
  const rounded = median === undefined || max === undefined ? "" : `${scientific(median)}, ${scientific(max)}`;
  const gate = limits(row.gate) + (row.plain ? ` (protocol: ${limits(row.plain)})` : "");
  console.log(`| ${[...cells, ...figures, rounded, gate + (row.passed ? "" : " **missed**")].join(" | ")} |`);
}

if (!values.json) {
  console.log(`against @mujoco/mujoco 3.14.0, states of seed ${values.seed}\n`);
  console.log("| model | lanes | level | quantity | n | median | p95 | max | MuJoCo rounded: median, max | gate |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
}
for (const spec of chosen) {
  const fresh = drawReference(spec, amounts, Number(values.seed));
  const references = spec.recorded ? [recordedReference(spec), fresh] : [fresh];
  for (const [i, reference] of references.entries()) {
    const states = i === references.length - 1 ? "drawn" : "recorded";
    for (const { physics, engine } of engines) {
      for (const row of measure(engine, reference, { levels, precision: physics })) {
        if (!row.passed) process.exitCode = 1;
        print(physics, states, row);
      }
    }
  }
}
