// Simulations stay sound for long: no divergence under random controls, no creeping at rest, quaternions of length one.
// test/slow/physics-long.test.ts goes on for a hundred times as long.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadMjcf } from "../../src/physics/index.js";
import { runtime } from "../support/runtime.js";
import { capsuleOnFloor, driftOf, quaternionError, tumbling, wander } from "./accuracy/endurance.js";
import { models } from "./accuracy/models.js";

const long = suite("long run");

for (const spec of models) {
  long(`${spec.name}: 10⁵ random steps`, () => {
    const { steps, divergences, finite, quaternion } = wander(runtime, spec, 1e5, 1);
    assert.ok(steps >= 1e5);
    assert.equal(divergences, []);
    assert.ok(finite);
    assert.ok(quaternion <= 1e-6, `${quaternion}`);
  });
}

for (const [pose, attributes] of [
  ["lying", 'pos="0 0 0.06" quat="0.7071067811865476 0 0.7071067811865476 0"'],
  ["lying askew", 'pos="0.3 -0.2 0.06" quat="0.7071067811865476 0.3 0.6403124237432849 0"'],
] as const) {
  long(`a capsule ${pose} drifts at most 1 mm in 60 s`, () => {
    const drift = driftOf(runtime, capsuleOnFloor(attributes), 1, 61);
    assert.ok(drift <= 1e-3, `${drift}`);
  });
}

long("a quaternion is of length one after 10⁶ steps", () => {
  const model = loadMjcf(runtime, tumbling);
  const simulation = model.simulation({ batch: 4 });
  simulation.setState(
    Array.from({ length: 4 }, () => [0, 0, 0, 1, 0, 0, 0]).flat(),
    [0.1, 0.2, 0.3, 3, -2, 1, 0, 0, 0, 0, 20, 0.1, 1, 0, 0, 0, 0, 0, -5, 0, 2, 9, 9, -30],
  );
  simulation.step(undefined, { repeat: 1e6 });
  const error = quaternionError(simulation);
  assert.ok(error <= 1e-6, `${error}`);
  const { qpos } = simulation.getState();
  assert.ok(Math.abs(qpos[3]! - 1) > 1e-3, "it does not turn");
  simulation.dispose();
  model.dispose();
});

long.run();
