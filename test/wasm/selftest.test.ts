// The self-test must pass on a sound binary, be quick, expect the right numbers, and catch a damaged binary.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CorruptionError, MjcfError, PoisonedError } from "../../src/check.js";
import { loadMjcf } from "../../src/physics/index.js";
import {
  physicsExpected,
  SELF_TEST_BATCH,
  SELF_TEST_STEPS,
  selfTestInput,
  selfTestKinds,
  selfTestModel,
} from "../../src/physics/selftest.js";
import { mujoco, mujocoModel } from "../support/mujoco.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { selfTest, selfTestCases } from "../../src/wasm/selftest.js";

const bytes = readFileSync(new URL("../../build/wasm/simd.wasm", import.meta.url));

const twins: Record<string, (x: number) => number> = {
  exp_f32: Math.exp,
  log_f32: Math.log,
  tanh_f32: Math.tanh,
  sigmoid_f32: (x) => 1 / (1 + Math.exp(-x)),
  softplus_f32: (x) => Math.log1p(Math.exp(x)),
  swish_f32: (x) => x / (1 + Math.exp(-x)),
  sin_f32: Math.sin,
  cos_f32: Math.cos,
};

const selftests = suite("self-test");

selftests("expects what the functions are", () => {
  let held = 0;
  for (const { kernel, input, expected } of selfTestCases) {
    const twin = twins[kernel];
    if (twin === undefined) continue;
    held++;
    for (const [i, x] of input.entries()) {
      const want = twin(Math.fround(x));
      // two units in the last place of an f32
      assert.ok(Math.abs(expected[i]! - want) <= 2.4e-7 * Math.abs(want), `${kernel}(${x}) expects ${expected[i]}`);
    }
  }
  assert.is(held, Object.keys(twins).length);
});

selftests("takes at most five milliseconds and leaves nothing behind", async () => {
  const runtime = await loadRuntime();
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    selfTest(runtime);
    return performance.now() - started;
  });
  assert.ok(Math.min(...times) <= 5, `${times}`);
  assert.is(runtime.memoryUsage().tensors, 0);
});

selftests("passes on the checked binary", async () => {
  selfTest(await loadRuntime({ checked: true }));
});

selftests("catches a damaged binary", async () => {
  // the commonest damage that still validates: another instruction of the same type, or another constant
  const multiply = Buffer.from([0xfd, 0xe6, 0x01]);
  const places: number[] = [];
  for (let at = bytes.indexOf(multiply); at >= 0; at = bytes.indexOf(multiply, at + 1)) places.push(at);
  assert.ok(places.length > 50);
  const caught: number[] = [];
  const chosen = places.filter((_, i) => i % Math.ceil(places.length / 200) === 0);
  for (const at of chosen) {
    const damaged = new Uint8Array(bytes);
    damaged[at + 1] = 0xe4; // f32x4.mul becomes f32x4.add
    try {
      // the kernels of simulations are looked at before the first model
      loadMjcf(await loadRuntime({ wasm: damaged, threads: 1 }), selfTestModel("Euler")).dispose();
    } catch (error) {
      const kinds = [CorruptionError, PoisonedError, MjcfError];
      assert.ok(
        kinds.some((kind) => error instanceof kind),
        String(error),
      );
      caught.push(at);
    }
  }
  console.log(`note: ${caught.length} of ${chosen.length} damaged binaries caught`);
  // what is left lies in branches for rare arguments
  assert.ok(caught.length >= 0.75 * chosen.length, `${caught.length} of ${chosen.length}`);
});

selftests("holds simulations to the official build", () => {
  for (const kind of selfTestKinds) {
    const model = mujocoModel(selfTestModel(kind));
    const data = new mujoco.MjData(model);
    const { nv, nu } = model;
    const { qvel, ctrl } = selfTestInput(nv, nu);
    for (let b = 0; b < SELF_TEST_BATCH; b++) {
      mujoco.mj_resetData(model, data);
      (data.qvel as Float64Array).set(qvel.slice(b * nv, (b + 1) * nv));
      (data.ctrl as Float64Array).set(ctrl.slice(b * nu, (b + 1) * nu));
      for (let step = 0; step < SELF_TEST_STEPS; step++) mujoco.mj_step(model, data);
      const want = physicsExpected[kind].qvel.slice(b * nv, (b + 1) * nv);
      (data.qvel as Float64Array).forEach((v, k) => {
        assert.ok(Math.abs(v - want[k]!) <= 1e-5 * Math.max(1, Math.abs(v)), `${kind} ${b} ${k}`);
      });
    }
    if (kind === "welds") {
      data.delete();
      model.delete();
      continue;
    }
    mujoco.mj_forward(model, data);
    mujoco.mj_rnePostConstraint(model, data);
    const observed = [data.cvel, data.xquat, data.cfrc_ext].flatMap((rows) => [...(rows as Float64Array)]);
    observed.forEach((x, k) => {
      assert.ok(Math.abs(x - physicsExpected[kind].observed[k]!) <= 1e-5 * Math.max(1, Math.abs(x)), `${k}`);
    });
    data.delete();
    model.delete();
  }
});

selftests.run();
