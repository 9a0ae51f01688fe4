// Welds and bodies that are moved by hand, against the official build on the same documents and states: accelerations, states
// after steps, frames; in float32 and in float64.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MjcfError } from "../../src/check.js";
import { JointType, loadMjcf, type Model, type Simulation } from "../../src/physics/index.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { mujoco, mujocoModel } from "../support/mujoco.js";
import { generator } from "../support/numbers.js";
import { checkedRuntime, runtime } from "../support/runtime.js";
import { compareModels, compile, mujocoArrays } from "./mjcf/support.js";
import { weldModels } from "./weld-models.js";

const double = await loadRuntime({ physics: "float64" });

interface Situation {
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly mocap: Float64Array;
  readonly ctrl: Float64Array;
}

/** States near the start of a model, hands that are somewhere near and turned by anything. */
function situations({ nq, nv, nu, compiled }: Model, count: number, seed: number): Situation[] {
  const random = generator(seed);
  const rest = Array.from(compiled.bodyMocap.keys()).filter((body) => compiled.bodyMocap[body] >= 0);
  return Array.from({ length: count }, (_, n) => {
    const near = n % 3 ? 0.1 : 0.4;
    const qpos = Float64Array.from({ length: nq }, (_, k) => compiled.qpos0[k] + near * random());
    for (let j = 0; j < compiled.njnt; j++) {
      if (compiled.jntType[j] === JointType.free) unit(qpos.subarray(compiled.jntQposAdr[j] + 3).subarray(0, 4));
    }
    const mocap = new Float64Array(7 * rest.length);
    rest.forEach((body, k) => {
      for (let i = 0; i < 3; i++) mocap[7 * k + i] = compiled.bodyPos[3 * body + i] + near * random();
      const quat = mocap.subarray(7 * k + 3, 7 * k + 7);
      quat.forEach((_, i) => {
        quat[i] = n % 5 === 4 ? random() : compiled.bodyQuat[4 * body + i] + near * random();
      });
      unit(quat);
    });
    const numbers = (length: number, scale: number) => Float64Array.from({ length }, () => scale * random());
    return { qpos, qvel: numbers(nv, 1), mocap, ctrl: numbers(nu, 0.03) };
  });
}

function unit(quat: Float64Array): void {
  const norm = Math.hypot(...quat);
  quat.forEach((x, i) => {
    quat[i] = x / norm;
  });
}

const joined = (rows: readonly Float64Array[]) => Float64Array.from(rows.flatMap((row) => [...row]));

/** qacc and xquat where it is, and qpos and qvel after so many steps, of the official build run to convergence. */
function official(xml: string, list: readonly Situation[], steps: number): Float64Array[][] {
  const model = mujocoModel(xml);
  const data = new mujoco.MjData(model);
  Object.assign(model.opt, { solver: 2, tolerance: 1e-15, iterations: 200, ls_iterations: 200, ls_tolerance: 1e-6 });
  try {
    return list.map(({ qpos, qvel, mocap, ctrl }) => {
      data.qpos.set(qpos);
      data.qvel.set(qvel);
      data.ctrl.set(ctrl);
      data.qacc_warmstart.fill(0);
      for (let k = 0; 7 * k < mocap.length; k++) {
        data.mocap_pos.set(mocap.subarray(7 * k, 7 * k + 3), 3 * k);
        data.mocap_quat.set(mocap.subarray(7 * k + 3, 7 * k + 7), 4 * k);
      }
      mujoco.mj_forward(model, data);
      const now = [Float64Array.from(data.qacc), Float64Array.from(data.xquat), Float64Array.from(data.xpos)];
      for (let t = 0; t < steps; t++) mujoco.mj_step(model, data);
      return [...now, Float64Array.from(data.qpos), Float64Array.from(data.qvel)];
    });
  } finally {
    data.delete();
    model.delete();
  }
}

function begin(simulation: Simulation, list: readonly Situation[]): Float64Array {
  simulation.setState(joined(list.map(({ qpos }) => qpos)), joined(list.map(({ qvel }) => qvel)));
  simulation.setMocap(joined(list.map(({ mocap }) => mocap)));
  return joined(list.map(({ ctrl }) => ctrl));
}

function ours(model: Model, list: readonly Situation[], steps: number): Float64Array[][] {
  const simulation = model.simulation({ batch: list.length });
  const ctrl = begin(simulation, list);
  simulation.forward(ctrl);
  const parts = [simulation.read("qacc"), simulation.read("xquat"), simulation.read("xpos")];
  simulation.step(ctrl, { repeat: steps });
  const { qpos, qvel } = simulation.getState();
  simulation.dispose();
  const row = (rows: Float64Array, b: number) => {
    const width = rows.length / list.length;
    return rows.slice(b * width, (b + 1) * width);
  };
  return list.map((_, b) => [...parts, qpos, qvel].map((rows) => row(rows, b)));
}

/** max |a − b| / max(1, max |b|). */
function apart(a: Float64Array, b: Float64Array): number {
  assert.is(a.length, b.length);
  const largest = b.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  return a.reduce((most, x, k) => Math.max(most, Number.isNaN(x) ? Infinity : Math.abs(x - b[k]) / largest), 0);
}

const quantile = (values: number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))];

// per precision: median and maximum of the errors of qacc; maximum of those of frames, of qpos and qvel after ten steps
const gates: readonly (readonly [string, Runtime, number, number, number, number, number])[] = [
  ["float32", runtime, 1e-5, 1e-3, 1e-6, 1e-5, 1e-3],
  ["float64", double, 1e-12, 1e-9, 1e-14, 1e-12, 1e-9],
];

for (const [name, xml] of Object.entries(weldModels)) {
  const test = suite(`weld: ${name}`);

  test("compiles to MuJoCo's arrays", () => compareModels(compile(xml), mujocoArrays(xml), true));

  for (const [precision, on, median, most, frames, position, velocity] of gates) {
    test(`moves as in the official build, ${precision}`, () => {
      const model = loadMjcf(on, xml);
      const list = situations(model, 41, 7);
      const [expected, got] = [official(xml, list, 10), ours(model, list, 10)];
      const errors = [0, 1, 2, 3, 4].map((part) => list.map((_, b) => apart(got[b][part], expected[b][part])));
      const worst = errors.map((values) => quantile(values, 1));
      const told = errors.map(
        (values) => `${quantile(values, 0.5).toExponential(1)} to ${quantile(values, 1).toExponential(1)}`,
      );
      if (process.env.TELL) console.log(name, precision, told.join(", "));
      assert.ok(quantile(errors[0], 0.5) <= median && worst[0] <= most, `qacc ${told[0]}`);
      assert.ok(worst[1] <= frames && worst[2] <= frames, `frames ${told[1]}, ${told[2]}`);
      assert.ok(worst[3] <= position, `qpos ${told[3]}`);
      assert.ok(worst[4] <= velocity, `qvel ${told[4]}`);
      model.dispose();
    });
  }

  test("every lane by itself, and the checked binary, give the same bits", () => {
    const model = loadMjcf(runtime, xml);
    const list = situations(model, 6, 3);
    const together = ours(model, list, 5);
    for (const [b, one] of list.entries()) assert.equal(ours(model, [one], 5), [together[b]]);
    // one that is lost takes no other with it
    const lost = { ...list[2], qvel: list[2].qvel.map(() => 1e9) };
    const beside = ours(model, [list[0], lost, list[1]], 5);
    assert.equal([beside[0], beside[2]], [together[0], together[1]]);
    const checked = loadMjcf(checkedRuntime, xml);
    assert.equal(ours(checked, list.slice(0, 3), 2), ours(model, list.slice(0, 3), 2));
    model.dispose();
    checked.dispose();
  });

  test.run();
}

const test = suite("welds");

test("a snapshot holds what was moved by hand; a mask moves some; reset puts it back", () => {
  const xml = weldModels["what hangs on a hand, and a hand that pushes"];
  const model = loadMjcf(runtime, xml);
  const simulation = model.simulation({ batch: 3 });
  const start = simulation.getMocap();
  assert.is(start.length, 3 * 2 * 7);
  assert.equal([...start.subarray(0, 3)], [-2, 1, Math.fround(0.8)]);
  const list = situations(model, 3, 9);
  begin(simulation, list);
  const moved = simulation.getMocap();
  const saved = simulation.snapshot();
  simulation.step(undefined, { repeat: 7 });
  const expected = simulation.getState();
  simulation.reset([false, true, false]);
  assert.equal(simulation.getMocap().slice(14, 28), start.slice(14, 28));
  assert.equal(simulation.getMocap().slice(0, 14), moved.slice(0, 14));
  const twin = model.simulation({ batch: 3 });
  twin.restore(saved);
  twin.step(undefined, { repeat: 7 });
  assert.equal(twin.getState(), expected);
  const pose = start.map((x, k) => (k % 7 < 3 ? x + 1 : 2 * x));
  twin.setMocap(pose, { mask: [true, false, false] });
  assert.ok(
    apart(
      twin.getMocap().slice(0, 14),
      start.slice(0, 14).map((x, k) => (k % 7 < 3 ? x + 1 : x)),
    ) < 1e-6,
  );
  assert.equal(twin.getMocap().slice(14), moved.slice(14));
  const { mocap: _, ...arrays } = saved.arrays;
  assert.throws(() => twin.restore({ ...saved, arrays }), /lacks array "mocap"/);
  assert.throws(() => twin.setMocap([1]), /simulation\.setMocap: "poses" expected shape \[3, 2, 7\]/);
  assert.throws(() => twin.setMocap(pose.map(() => Number.NaN)), /"poses\[0\]" expected a finite number/);
  assert.throws(() => twin.setMocap(pose.map((x, k) => (k % 7 < 3 ? x : 0))), /a quaternion that is not zero/);
  model.dispose();
});

test("what is not valid or not there is told with its line", () => {
  const refuse = (equality: string, pattern: RegExp, body = '<body name="b"><freejoint/><geom size="1"/></body>') => {
    const xml = `<mujoco><worldbody>${body}</worldbody>\n<equality>${equality}</equality></mujoco>`;
    assert.throws(
      () => loadMjcf(runtime, xml),
      (error: Error) => error instanceof MjcfError && pattern.test(error.message),
    );
  };
  refuse('<weld body1="nobody"/>', /model:2: <weld>.* body1="nobody": there is no such body/);
  refuse("<weld/>", /<weld>.* needs an attribute "body1"/);
  refuse('<weld body1="world"/>', /<weld>.* welds a body to itself/);
  refuse('<weld site1="a" site2="b"/>', /site1="a" is not supported: welds are of bodies/);
  refuse('<connect body1="b" anchor="0 0 0"/>', /<connect>.* is not supported/);
  refuse('<weld body1="b" solref="1 -1"/>', /expected two positive numbers, or none/);
  refuse('<weld name="x" body1="b"/><weld name="x" body1="b"/>', /has the name of another/);
  const nested = '<body><body mocap="true"/></body>';
  refuse("", /mocap="true" must be a child of the world/, nested);
  refuse("", /is a joint of a body that is moved by hand/, '<body mocap="true"><joint/><geom size="1"/></body>');
});

test("switched off by its flag", () => {
  const xml = weldModels["a hand leads an arm"];
  const off = xml.replace('<option timestep="0.004"/>', '<option timestep="0.004"><flag equality="disable"/></option>');
  const [one, two] = [loadMjcf(double, xml), loadMjcf(double, off)];
  const list = situations(one, 4, 2);
  const [held, free] = [ours(one, list, 1), ours(two, list, 1)];
  assert.ok(apart(held[0][0], free[0][0]) > 1);
  for (const [b, row] of official(off, list, 1).entries()) assert.ok(apart(free[b][0], row[0]) < 1e-9);
  one.dispose();
  two.dispose();
});

test.run();
