// What tests of simulations share: runtimes by precision, models of test/fixtures, and seeded states.
import { loadMjcf, type Model } from "../../src/physics/index.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { mjcfFixture } from "../support/mujoco.js";
import { checkedRuntime, runtime } from "../support/runtime.js";
import { randomOf } from "./accuracy/statistics.js";

export const float64Runtime = await loadRuntime({ physics: "float64" });

/** Every binary that simulates, and how far its numbers are from exact ones, relative to the largest of a quantity. */
export const precisions: readonly (readonly [name: string, runtime: Runtime, tolerance: number])[] = [
  ["float32", runtime, 5e-6],
  ["checked", checkedRuntime, 5e-6],
  ["float64", float64Runtime, 1e-12],
];

/** The model of `test/fixtures/mjcf/gymnasium/<name>.xml`, or of the path below `mjcf`. */
export function fixture(runtime: Runtime, name: string): Model {
  return loadMjcf(runtime, fixtureText(name), { name });
}

export const fixtureText = (name: string): string =>
  mjcfFixture(name.includes("/") ? `${name}.xml` : `gymnasium/${name}.xml`);

/** States near the reference configuration, in motion, with controls; all [batch, …]. */
export function someStates({ nq, nv, nu, compiled }: Model, batch: number, seed = 1, spread = 0.5) {
  const random = randomOf(seed);
  const numbers = (n: number, center: (k: number) => number, size: number) =>
    Float64Array.from({ length: batch * n }, (_, k) => center(k % n) + random.uniform(-size, size));
  return {
    qpos: numbers(nq, (k) => compiled.qpos0[k]!, spread),
    qvel: numbers(nv, () => 0, 1),
    ctrl: numbers(nu, () => 0, 1),
  };
}
