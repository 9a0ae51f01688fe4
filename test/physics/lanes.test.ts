// An environment does bit for bit the same alone, in a group with others, in any batch, beside an environment whose numbers are
// none, and on any number of threads.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadMjcf } from "../../src/physics/index.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { runtimes } from "../support/runtime.js";
import { type ModelSpec, models, xmlOf } from "./accuracy/models.js";
import { drawReference, type StateRecord } from "./accuracy/reference.js";

const lanes = suite("lanes");
const STEPS = 3;

// with and without contact, at limits, at rest: what lanes of one group have nothing in common but the model
const drawn = new Map<string, readonly StateRecord[]>();
function situationsOf(spec: ModelSpec): readonly StateRecord[] {
  const known =
    drawn.get(spec.name) ?? drawReference(spec, { states: 11, smooth: 0, contact: 0, episodes: 0 }, 7).states;
  drawn.set(spec.name, known);
  return known;
}

type Outcome = readonly Float64Array[];

/** qacc at each situation, and the states some control steps later. */
function run(runtime: Runtime, spec: ModelSpec, situations: readonly StateRecord[], spoiled = -1): Outcome[] {
  const model = loadMjcf(runtime, xmlOf(spec));
  const batch = situations.length;
  const simulation = model.simulation({ batch });
  const flat = (key: "qpos" | "qvel" | "ctrl") => Float64Array.from(situations.flatMap((s) => Array.from(s[key])));
  const ctrl = flat("ctrl");
  if (spoiled >= 0) ctrl.fill(Number.NaN, spoiled * model.nu, (spoiled + 1) * model.nu);
  simulation.setState(flat("qpos"), flat("qvel"));
  simulation.forward(ctrl);
  const qacc = simulation.read("qacc");
  for (let t = 0; t < STEPS; t++) simulation.step(ctrl, { repeat: spec.frameSkip });
  const { qpos, qvel } = simulation.getState();
  const { nq, nv } = model;
  const outcome = situations.map((_, b) => [
    qacc.slice(b * nv, (b + 1) * nv),
    qpos.slice(b * nq, (b + 1) * nq),
    qvel.slice(b * nv, (b + 1) * nv),
  ]);
  assert.equal(
    Array.from(simulation.diverged),
    situations.map((_, b) => (b === spoiled ? 1 : 0)),
  );
  simulation.dispose();
  model.dispose();
  return outcome;
}

const bits = (outcome: Outcome) => outcome.map((values) => [...new BigUint64Array(values.buffer)].join());

for (const [name, runtime] of runtimes) {
  for (const spec of models) {
    lanes(`${spec.name}, ${name}: alone, in batches of 2 to 11, in another order`, () => {
      const situations = situationsOf(spec);
      const alone = situations.flatMap((situation) => run(runtime, spec, [situation])).map(bits);
      for (const batch of [2, 3, 4, 5, 11]) {
        const together = run(runtime, spec, situations.slice(0, batch)).map(bits);
        assert.equal(together, alone.slice(0, batch), `batch of ${batch}`);
      }
      const reversed = run(runtime, spec, [...situations].reverse()).map(bits);
      assert.equal(reversed.reverse(), alone, "in reverse");
    });

    lanes(`${spec.name}, ${name}: a lane that is no number changes no other`, () => {
      const situations = situationsOf(spec).slice(0, 6);
      const sound = run(runtime, spec, situations).map(bits);
      for (const spoiled of [0, 2, 5]) {
        const others = run(runtime, spec, situations, spoiled).map(bits);
        others[spoiled] = sound[spoiled]!;
        assert.equal(others, sound, `environment ${spoiled}`);
      }
    });
  }
}

const pair = await loadRuntime({ threads: 2 });
for (const spec of models) {
  lanes(`${spec.name}: the same bits on two threads`, () => {
    // enough groups for several tasks
    const situations = Array.from({ length: 13 }, () => situationsOf(spec)).flat();
    assert.equal(run(pair, spec, situations).map(bits), run(runtimes[0][1], spec, situations).map(bits));
  });
}
lanes.after(() => pair.dispose());

lanes.run();
