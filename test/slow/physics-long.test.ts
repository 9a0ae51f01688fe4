// What test/physics/long-run.test.ts checks, at length: 10⁷ random steps per model, 10⁶ steps of an ant.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRuntime } from "../../src/wasm/index.js";
import { capsuleOnFloor, driftOf, wander } from "../physics/accuracy/endurance.js";
import { modelNamed, models } from "../physics/accuracy/models.js";
import { randomOf } from "../physics/accuracy/statistics.js";

const long = suite("long run, at length");
const runtime = await loadRuntime();

for (const spec of models) {
  long(`${spec.name}: 10⁷ random steps`, () => {
    const { steps, divergences, finite, quaternion } = wander(runtime, spec, 1e7, 2);
    assert.ok(steps >= 1e7);
    assert.equal(divergences, []);
    assert.ok(finite);
    assert.ok(quaternion <= 1e-6, `${quaternion}`);
  });
}

long("an ant's quaternion is of length one after 10⁶ steps of each environment", () => {
  const { quaternion } = wander(runtime, modelNamed("ant"), 64e6, 3);
  assert.ok(quaternion <= 1e-6, `${quaternion}`);
});

long("capsules in twenty poses come to rest and stay", () => {
  const random = randomOf(4);
  for (let k = 0; k < 20; k++) {
    const [turn, tilt] = [random.uniform(-3, 3), random.uniform(-0.02, 0.02)];
    const pose = `pos="${random.uniform(-1, 1)} ${random.uniform(-1, 1)} 0.056" euler="0 ${90 + tilt} ${(turn * 180) / Math.PI}"`;
    const drift = driftOf(runtime, capsuleOnFloor(pose), 1, 61);
    assert.ok(drift <= 1e-3, `${pose}: ${drift}`);
  }
});

long.run();
