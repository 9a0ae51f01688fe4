// Simulations as callers have them: states in and out, masks, time, snapshots, divergence, errors, disposal, threads.
import fc from "fast-check";
import ndarray from "ndarray";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../src/check.js";
import { loadMjcf, type Model, type Simulation } from "../../src/physics/index.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { mujoco, mujocoModel } from "../support/mujoco.js";
import { runtime } from "../support/runtime.js";
import { errorOf } from "./accuracy/ledger.js";
import { fixture, fixtureText, precisions, someStates } from "./support.js";

const test = suite("physics simulation");

const hexOf = (values: Float64Array | Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex");
const bitsOf = (simulation: Simulation) => {
  const { qpos, qvel, time } = simulation.getState();
  return [qpos, qvel, time].map(hexOf);
};
const row = (values: Float64Array, b: number, batch: number) =>
  values.slice((b * values.length) / batch, ((b + 1) * values.length) / batch);

/** A simulation in motion. */
function started(model: Model, batch: number, steps = 3): Simulation {
  const simulation = model.simulation({ batch });
  const { qpos, qvel, ctrl } = someStates(model, batch, 5, 0.1);
  simulation.setState(qpos, qvel);
  if (steps) simulation.step(ctrl, { repeat: steps });
  return simulation;
}

for (const [precision, on, tolerance] of precisions) {
  test(`${precision}: a new simulation stands at the reference, at time 0; steps are MuJoCo's`, () => {
    const model = fixture(on, "half_cheetah");
    const simulation = model.simulation({ batch: 3 });
    const { qpos, qvel, time } = simulation.getState();
    assert.equal(row(qpos, 2, 3), model.compiled.qpos0);
    assert.ok([...qvel, ...time].every((x) => x === 0));
    const official = mujocoModel(fixtureText("half_cheetah"));
    const data = new mujoco.MjData(official);
    const ctrl = Float64Array.from({ length: 18 }, (_, k) => Math.sin(k));
    data.ctrl.set(row(ctrl, 1, 3));
    for (let i = 0; i < 10; i++) mujoco.mj_step(official, data);
    simulation.step(ctrl, { repeat: 10 });
    const after = simulation.getState();
    assert.ok(errorOf(row(after.qpos, 1, 3), data.qpos) < 30 * tolerance);
    assert.ok(errorOf(row(after.qvel, 1, 3), data.qvel) < 300 * tolerance);
    assert.ok(Math.abs(after.time[1]! - data.time) < 1e-12);
    data.delete();
    official.delete();
    model.dispose();
  });

  test(`${precision}: repeat is so many steps; the last controls are kept; nothing moves by looking`, () => {
    const model = fixture(on, "ant");
    const [one, two] = [started(model, 5, 0), started(model, 5, 0)];
    const { ctrl } = someStates(model, 5, 8);
    one.step(ctrl, { repeat: 4 });
    two.step(ctrl);
    two.step();
    two.read("xpos");
    two.contacts(4);
    two.poses();
    two.forward();
    two.step(undefined, { repeat: 2 });
    assert.equal(bitsOf(one), bitsOf(two));
    one.dispose();
    two.dispose();
    model.dispose();
  });

  test(`${precision}: snapshot and restore, bit for bit, in this and in another simulation`, () => {
    const model = fixture(on, "ant");
    const first = started(model, 7, 5);
    first.setState(new Float64Array(7 * 15).fill(0.5), new Float64Array(7 * 14), {
      mask: [0, 0, 1, 0, 0, 0, 0],
      time: 2,
    });
    const saved = first.snapshot();
    assert.is(saved.arrays.qpos!.dtype, model.layout.tables.real === 8 ? "f64" : "f32");
    const before = [...bitsOf(first), hexOf(first.read("qacc"))];
    first.step(undefined, { repeat: 20 });
    const after = bitsOf(first);
    assert.not.equal(after, before.slice(0, 3));
    const second = model.simulation({ batch: 7 });
    for (const simulation of [first, second]) {
      simulation.restore(saved);
      assert.equal([...bitsOf(simulation), hexOf(simulation.read("qacc"))], before);
      simulation.step(undefined, { repeat: 20 });
      assert.equal(bitsOf(simulation), after);
    }
    model.dispose();
  });

  test(`${precision}: masks set and reset some environments and leave the others' bits`, () => {
    const model = fixture(on, "hopper");
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), fc.boolean(), (mask, timed) => {
        const batch = mask.length;
        const simulation = started(model, batch);
        const before = simulation.getState();
        const { qpos, qvel } = someStates(model, batch, 11, 0.2);
        // what is not chosen is not looked at
        mask.forEach((chosen, b) => {
          if (!chosen) qpos[b * model.nq] = Number.NaN;
        });
        simulation.setState(qpos, qvel, timed ? { mask, time: 7 } : { mask });
        const after = simulation.getState();
        mask.forEach((chosen, b) => {
          const wanted = chosen ? row(qpos, b, batch) : row(before.qpos, b, batch);
          assert.ok(errorOf(row(after.qpos, b, batch), wanted) <= (chosen ? 1e-7 : 0));
          assert.is(after.time[b], chosen && timed ? 7 : before.time[b]);
        });
        simulation.reset(mask);
        const last = simulation.getState();
        mask.forEach((chosen, b) => {
          const wanted = chosen ? model.compiled.qpos0 : row(before.qpos, b, batch);
          assert.ok(errorOf(row(last.qpos, b, batch), wanted) <= (chosen ? 1e-7 : 0));
          assert.is(last.time[b], chosen ? 0 : before.time[b]);
        });
        // as if the environments had always been apart
        simulation.setState(before.qpos, before.qvel);
        const whole = simulation.getState();
        assert.equal([whole.qpos, whole.qvel].map(hexOf), [before.qpos, before.qvel].map(hexOf));
        simulation.dispose();
      }),
      { numRuns: 25 },
    );
    model.dispose();
  });

  test(`${precision}: a reset forgets the controls of what it resets`, () => {
    const model = fixture(on, "hopper");
    const simulation = started(model, 3);
    simulation.reset([false, true, false]);
    const forces = simulation.read("qfrcActuator");
    assert.ok(row(forces, 0, 3).some((x) => x !== 0));
    assert.ok(row(forces, 1, 3).every((x) => x === 0));
    model.dispose();
  });

  test(`${precision}: an environment that diverges stands still and says where and when`, () => {
    const model = fixture(on, "hopper");
    const simulation = started(model, 6, 0);
    const calm = started(model, 6, 0);
    const ctrl = new Float64Array(6 * 3);
    for (const each of [simulation, calm]) each.step(ctrl, { repeat: 2 });
    const sound = simulation.getState();
    ctrl[4 * 3 + 1] = Number.NaN;
    simulation.step(ctrl, { repeat: 3 });
    assert.equal([...simulation.diverged], [0, 0, 0, 0, 1, 0]);
    const { dof, time } = simulation.divergence(4)!;
    assert.ok(dof >= 0 && dof < model.nv);
    assert.ok(Math.abs(time - 2 * model.timestep) < 1e-12);
    assert.is(simulation.divergence(3), undefined);
    simulation.step(new Float64Array(6 * 3));
    const after = simulation.getState();
    assert.equal(hexOf(row(after.qpos, 4, 6)), hexOf(row(sound.qpos, 4, 6)));
    assert.is(after.time[4], time);
    // its neighbours have not noticed
    calm.step(new Float64Array(6 * 3), { repeat: 4 });
    const expected = calm.getState();
    for (const b of [0, 1, 2, 3, 5]) {
      assert.equal(hexOf(row(after.qpos, b, 6)), hexOf(row(expected.qpos, b, 6)));
    }
    // a copy diverges in the same way, and both go on when told to
    const copy = model.simulation({ batch: 6 });
    copy.restore(simulation.snapshot());
    assert.equal(copy.divergence(4), { dof, time });
    copy.reset([0, 0, 0, 0, 1, 0]);
    assert.is(copy.divergence(4), undefined);
    simulation.setState(after.qpos, after.qvel);
    simulation.step(new Float64Array(6 * 3));
    assert.ok(simulation.diverged.every((x) => x === 0));
    assert.not.equal(hexOf(row(simulation.getState().qpos, 4, 6)), hexOf(row(sound.qpos, 4, 6)));
    model.dispose();
  });

  test(`${precision}: to ask one environment for its divergence takes no longer in a large batch`, () => {
    const model = fixture(on, "inverted_pendulum");
    const diverged = (batch: number) => {
      const simulation = model.simulation({ batch });
      const { qpos, qvel } = simulation.getState();
      qvel[(batch - 1) * model.nv] = 1e12;
      simulation.setState(qpos, qvel);
      simulation.step();
      assert.is(simulation.divergence(batch - 1)!.time, 0);
      return simulation;
    };
    const [small, large] = [diverged(8), diverged(8192)];
    const asked = (simulation: Simulation): number => {
      const start = performance.now();
      for (let i = 0; i < 200; i++) for (const b of [0, simulation.batch - 1]) simulation.divergence(b);
      return performance.now() - start;
    };
    const fastest = [Infinity, Infinity];
    for (let i = 0; i < 9; i++) {
      for (const [k, each] of [small, large].entries()) fastest[k] = Math.min(fastest[k]!, asked(each));
    }
    const ratio = fastest[1]! / fastest[0]!;
    assert.ok(ratio < 20, `${ratio} times as long in a batch 1024 times as large`);
    model.dispose();
  });

  test(`${precision}: a state beyond 10¹⁰ diverges at its first degree of freedom`, () => {
    const model = fixture(on, "ant");
    const simulation = model.simulation({ batch: 2 });
    const { qpos, qvel } = simulation.getState();
    qvel[model.nv + 8] = 1e12;
    simulation.setState(qpos, qvel);
    simulation.step();
    assert.equal(simulation.divergence(0), undefined);
    assert.ok(simulation.divergence(1)!.dof <= 8);
    assert.is(simulation.divergence(1)!.time, 0);
    model.dispose();
  });

  test(`${precision}: quaternions are normalized, unit ones left alone`, () => {
    const model = fixture(on, "ant");
    const simulation = started(model, 2, 50);
    const state = simulation.getState();
    simulation.setState(state.qpos, state.qvel);
    assert.equal(hexOf(simulation.getState().qpos), hexOf(state.qpos));
    for (const scale of [3, 1e200, 1e-200]) {
      const qpos = state.qpos.map((x, k) => (k % 15 >= 3 && k % 15 < 7 ? x * scale : x));
      simulation.setState(qpos, state.qvel);
      assert.ok(errorOf(simulation.getState().qpos, state.qpos) < 1e-6, `${scale}`);
    }
    model.dispose();
  });
}

test("inputs: arrays of every kind, strided views, ndarrays; outputs: the caller's", () => {
  const model = fixture(runtime, "hopper");
  const { nq, nv, nu } = model;
  const batch = 3;
  const { qpos, qvel, ctrl } = someStates(model, batch, 2, 0.1);
  const results = [
    [qpos, qvel, ctrl],
    [[...qpos], [...qvel], [...ctrl]],
    [ndarray(qpos, [batch, nq]), ndarray(qvel, [batch, nv]), ndarray(ctrl, [batch, nu])],
    [
      {
        data: Float64Array.from({ length: 2 * qpos.length }, (_, k) => qpos[k >> 1]!),
        shape: [batch, nq],
        stride: [2 * nq, 2],
      },
      { data: [...qvel].reverse(), shape: [batch, nv], stride: [-nv, -1], offset: batch * nv - 1 },
      ndarray(Float32Array.from(ctrl), [batch, nu]),
    ],
  ].map(([q, v, u]) => {
    const simulation = model.simulation({ batch });
    simulation.setState(q as Float64Array, v as Float64Array);
    simulation.step(u as Float64Array);
    const bits = bitsOf(simulation);
    const out = new Float64Array(batch * nv);
    assert.is(simulation.read("qacc", out), out);
    assert.equal(out, simulation.read("qacc"));
    simulation.dispose();
    return bits;
  });
  for (const result of results) assert.equal(result, results[0]);
  model.dispose();
});

test("errors name the operation, the argument, what was expected and what came", () => {
  const model = fixture(runtime, "ant");
  const simulation = model.simulation({ batch: 2 });
  const { qpos, qvel } = simulation.getState();
  const fails = (call: () => unknown, message: string | RegExp, type: new (...args: never[]) => Error = RangeError) => {
    try {
      call();
    } catch (error) {
      assert.instance(error, type);
      const text = (error as Error).message;
      assert.ok(typeof message === "string" ? text === message : message.test(text), text);
      return;
    }
    assert.unreachable(`nothing thrown instead of ${message}`);
  };
  fails(() => model.simulation({ batch: 0 }), 'model.simulation: "batch" expected an integer of at least 1, got 0');
  fails(() => model.simulation({} as never), /"batch" expected an integer, got undefined/, TypeError);
  fails(() => simulation.setState([1], qvel), 'simulation.setState: "qpos" expected shape [2, 15], got [1]');
  fails(() => simulation.setState(qpos, "x" as never), /"qvel" expected numbers .*got "x"/, TypeError);
  fails(
    () =>
      simulation.setState(
        Float64Array.from(qpos, (x, k) => (k === 17 ? Number.NaN : x)),
        qvel,
      ),
    'simulation.setState: "qpos[17]" expected a finite number, got NaN',
  );
  // finite, but not in the lanes: a snapshot of it could not be restored
  fails(() => simulation.setState(qpos.fill(1e39, 0, 1), qvel), /"qpos\[0\]" expected a finite number .*got 1e\+39/);
  qpos.set(simulation.getState().qpos);
  fails(() => simulation.setState(qpos, qvel, { time: Number.NaN }), /"time" expected a finite number, got NaN/);
  fails(
    () =>
      simulation.setState(
        qpos.map(() => 0),
        qvel,
      ),
    /"qpos\[3\]" expected a quaternion that is not zero/,
  );
  fails(() => simulation.setState(qpos, qvel, { time: [1] }), /"time" expected shape \[2\], got \[1\]/);
  const mixed = { time: [1, Number.NaN] };
  fails(() => simulation.setState(qpos, qvel, mixed), /"time\[1\]" expected a finite number, got NaN/);
  fails(() => simulation.setState(qpos, qvel, { mask: [true] }), /"mask" expected 2 booleans, got an array of 1/);
  fails(() => simulation.setState(qpos, qvel, { at: 1 } as never), /unknown option "at"; known: time, mask/, TypeError);
  fails(() => simulation.reset(1 as never), /simulation.reset: "mask" expected 2 booleans/, TypeError);
  fails(() => simulation.step([1]), 'simulation.step: "ctrl" expected shape [2, 8], got [1]');
  fails(() => simulation.step(undefined, { repeat: 0 }), /"repeat" expected an integer .*, got 0/);
  fails(() => simulation.step(undefined, { repeat: 2 ** 30 + 1 }), /"repeat" expected an integer .*, got 1073741825/);
  fails(() => simulation.read("mass" as never), /simulation.read: "quantity" expected one of xpos, .*got "mass"/);
  fails(() => simulation.read("qacc", new Float64Array(3)), /"out" expected 28 elements, got Float64Array\(3\)/);
  fails(() => simulation.read("qacc", [] as never), /"out" expected a Float64Array/, TypeError);
  fails(() => simulation.poses(new Float32Array(3)), /simulation.poses: "out" expected \d+ elements/);
  fails(() => simulation.contacts(2), 'simulation.contacts: "b" expected an integer in [0, 1], got 2');
  fails(() => simulation.jacobian(0, "tail"), /model.body: "name" expected one of world, torso, .*got "tail"/);
  fails(() => simulation.jacobian(0, 99), /simulation.jacobian: "body" expected an integer in \[0, 13\], got 99/);
  fails(() => simulation.jacobian(0, "torso", [0, Number.NaN, 0]), /"point\[1\]" expected a finite number/);
  fails(() => simulation.divergence(-1), /simulation.divergence: "b"/);
  fails(() => model.site("x"), 'model.site: "name" expected nothing, as no site has a name, got "x"');
  fails(() => model.joint(3 as never), /model.joint: "name" expected a string, got 3/, TypeError);
  // nothing of all that has moved anything
  assert.equal(hexOf(simulation.getState().qpos), hexOf(qpos));
  model.dispose();
});

test("time goes on beyond 2³¹ steps, and through snapshots", () => {
  const model = fixture(runtime, "hopper");
  const simulation = started(model, 3, 2);
  const saved = simulation.snapshot();
  const [first, second, third] = [2 ** 31 - 2, 2 ** 40, 5];
  const steps = { ...saved.arrays.steps!, data: Float64Array.of(first, second, third) };
  simulation.restore({ ...saved, arrays: { ...saved.arrays, steps } });
  simulation.step(undefined, { repeat: 4 });
  simulation.setState(simulation.getState().qpos, simulation.getState().qvel, { time: 1, mask: [0, 0, 1] });
  simulation.step();
  const { time } = simulation.getState();
  assert.equal([...time], [(first + 5) * model.timestep, (second + 5) * model.timestep, 1 + model.timestep]);
  const again = simulation.snapshot();
  assert.equal([...again.arrays.steps!.data], [first + 5, second + 5, 1]);
  simulation.restore(again);
  assert.equal(simulation.getState().time, time);
  model.dispose();
});

test("counts of steps carried over: time and snapshots do not show it", () => {
  const model = fixture(runtime, "inverted_pendulum");
  const simulation = started(model, 2, 1);
  const count = () => [...simulation.snapshot().arrays.steps!.data];
  simulation.reset([false, true]);
  simulation.step(undefined, { repeat: 2 ** 16 - 2 });
  assert.equal(count(), [2 ** 16 - 1, 2 ** 16 - 2]);
  for (let k = 0; k < 3; k++) simulation.step();
  assert.equal(count(), [2 ** 16 + 2, 2 ** 16 + 1]);
  assert.equal(
    [...simulation.getState().time],
    [2 ** 16 + 2, 2 ** 16 + 1].map((steps) => steps * model.timestep),
  );
  model.dispose();
});

test("times of environments that a mask leaves out are not looked at", () => {
  const model = fixture(runtime, "hopper");
  const simulation = started(model, 2, 0);
  const { qpos, qvel } = simulation.getState();
  simulation.setState(qpos, qvel, { time: [3, Number.NaN], mask: [true, false] });
  assert.equal([...simulation.getState().time], [3, 0]);
  model.dispose();
});

test("saved states that are none are refused, and change nothing", () => {
  const model = fixture(runtime, "ant");
  const simulation = started(model, 2);
  const saved = simulation.snapshot();
  const before = bitsOf(simulation);
  const { qpos, steps, diverged } = saved.arrays;
  const arrays = (changed: object) => ({ ...saved, arrays: { ...saved.arrays, ...changed } });
  const spoiled: readonly [unknown, RegExp][] = [
    [null, /expected meta and arrays, got null/],
    [{ ...saved, meta: null }, /lacks "batch"/],
    [{ ...saved, meta: { ...(saved.meta as object), nv: 3 } }, /saved "nv" expected 14, got 3/],
    [{ ...saved, arrays: {} }, /lacks array "steps"/],
    [arrays({ qpos: { ...qpos, dtype: "f64" } }), /saved array "qpos" expected f32\[30\], got f64\[30\]/],
    [arrays({ qpos: { ...qpos, data: qpos!.data.slice(1) } }), /got f32\[29\]/],
    [
      arrays({ qpos: { ...qpos, data: new Float32Array(30).fill(Number.NaN) } }),
      /"qpos" has a number that is not finite/,
    ],
    [arrays({ steps: { ...steps, data: Float64Array.of(1, -1) } }), /"steps" has a number that counts no steps/],
    [arrays({ steps: { ...steps, data: Float64Array.of(1, 0.5) } }), /"steps" has a number that counts no steps/],
    [arrays({ steps: { ...steps, dtype: "i32" } }), /"steps" expected f64\[2\], got i32\[2\]/],
    [arrays({ diverged: { ...diverged, data: Int32Array.of(0, 14) } }), /"diverged" has a number outside -1 to 13/],
  ];
  for (const [state, message] of spoiled) {
    try {
      simulation.restore(state as typeof saved);
      assert.unreachable(`${message}`);
    } catch (error) {
      assert.instance(error, FormatError, `${error}`);
      assert.match((error as Error).message, message);
    }
    assert.equal(bitsOf(simulation), before);
  }
  model.dispose();
});

test("after dispose every use throws, twice is fine, and the memory is back", () => {
  const before = runtime.memoryUsage();
  const model = fixture(runtime, "hopper");
  const simulation = started(model, 3);
  simulation.read("cinert");
  const other = started(model, 3);
  simulation.dispose();
  simulation.dispose();
  const uses: ((s: Simulation) => unknown)[] = [
    (s) => s.step(),
    (s) => s.getState(),
    (s) => s.snapshot(),
    (s) => s.reset(),
    (s) => s.read("qacc"),
    (s) => s.poses(),
    (s) => s.contacts(0),
    (s) => s.diverged,
    (s) => s.bodyPosition("torso"),
  ];
  for (const use of uses) assert.throws(() => use(simulation), /simulation was disposed of/);
  model.dispose();
  for (const use of uses) assert.throws(() => use(other), /model was disposed of/);
  assert.throws(() => model.simulation({ batch: 1 }), /model was disposed of/);
  other.dispose();
  const after = runtime.memoryUsage();
  assert.equal([after.used, after.tensors], [before.used, before.tensors]);
});

test("models without degrees of freedom, actuators or geoms", () => {
  for (const body of ["", '<geom type="plane" size="1 1 1"/><site name="s"/>', '<body><geom size="1"/></body>']) {
    const model = loadMjcf(runtime, `<mujoco><worldbody>${body}</worldbody></mujoco>`);
    const simulation = model.simulation({ batch: 5 });
    simulation.step(new Float64Array(0), { repeat: 3 });
    const { qpos, time } = simulation.getState();
    assert.is(qpos.length, 0);
    assert.ok(Math.abs(time[4]! - 0.006) < 1e-12);
    assert.is(simulation.poses().length, 5 * 7 * model.compiled.ngeom);
    assert.equal(simulation.read("energy").length, 10);
    model.dispose();
    simulation.dispose();
  }
});

test("one, two and three threads: the same bits, also of what is observed", async () => {
  const results: string[][] = [];
  for (const threads of [1, 2, 3]) {
    const runtime = await loadRuntime({ threads });
    const model = fixture(runtime, "ant");
    const simulation = started(model, 133, 0);
    const { ctrl } = someStates(model, 133, 9);
    for (let t = 0; t < 5; t++) simulation.step(ctrl, { repeat: 10 });
    const observed = (["cfrcExt", "cvel", "qacc", "xquat"] as const).map((name) => hexOf(simulation.read(name)));
    results.push([...bitsOf(simulation), ...observed, hexOf(simulation.poses())]);
    runtime.dispose();
  }
  assert.equal(results[1], results[0]);
  assert.equal(results[2], results[0]);
});

test.run();
