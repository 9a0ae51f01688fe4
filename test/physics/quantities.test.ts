// Quantities read off an evaluation, against the official build: those of the joints, those of bodies, geoms and sites, and
// Jacobians. Contacts and limits are off; test/physics/contacts.test.ts has them on.
import type { MjData, MjModel } from "@mujoco/mujoco";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadMjcf, type Quantity } from "../../src/physics/index.js";
import { mujoco, mujocoModel } from "../support/mujoco.js";
import { runtime } from "../support/runtime.js";
import { errorOf } from "./accuracy/ledger.js";
import { withFlags } from "./accuracy/mutate.js";
import { fixture, fixtureText, precisions, someStates } from "./support.js";

const test = suite("physics quantities");

// a chain on a body that stands still, bodies without mass, a slide behind a hinge, two trees, gravity aslant, springs
const odd = `<mujoco model="odd">
  <option gravity="1 -2 -9" wind="1 0 0" density="2" viscosity="0.1"/>
  <worldbody>
    <site name="still" pos="1 2 3"/>
    <geom name="floor" type="plane" size="5 5 1" pos="0 0 -2" zaxis="1 0 5"/>
    <body name="base" pos="1 0 1" euler="10 20 30">
      <inertial pos="0.1 0 0" mass="3" diaginertia="1 2 2.5" quat="0.6 0.8 0 0"/>
      <body name="arm" pos="0 0.3 0" quat="1 1 0 0">
        <joint name="shoulder" axis="1 2 -1" pos="0.1 0 0.2" stiffness="3" springref="20" ref="15"/>
        <geom type="capsule" fromto="0 0 0 0.4 0.1 0" size="0.05"/>
        <body name="bare" pos="0.4 0 0">
          <body name="piston" pos="0.1 0 0.1" euler="0 40 0">
            <joint name="rail" type="slide" axis="0 1 1" stiffness="5" damping="0.3"/>
            <geom name="ball" size="0.1" pos="0 0.1 0"/>
            <site name="tip" pos="0 0 0.3"/>
          </body>
        </body>
      </body>
      <body name="other" pos="0 -0.4 0"><joint type="slide" axis="1 0 0"/><joint axis="0 0 1"/><geom size="0.2"/></body>
    </body>
    <body name="free" pos="0 3 2"><freejoint name="loose"/><geom type="box" size="0.1 0.2 0.3" pos="0.1 0 0"/>
      <body name="tail" pos="0 0 0.4"><joint name="wag" axis="0 1 0"/><geom type="cylinder" size="0.1 0.2"/></body>
    </body>
  </worldbody>
  <actuator><motor joint="shoulder" gear="2"/><position joint="rail" kp="7"/></actuator>
</mujoco>`;

const smooth = (xml: string) => withFlags(xml, { contact: "disable", limit: "disable", energy: "enable" });

const models: readonly [string, string][] = [
  ...["half_cheetah", "ant", "swimmer", "reacher", "inverted_double_pendulum", "humanoid"].map(
    (name) => [name, smooth(fixtureText(name))] as [string, string],
  ),
  ["odd", smooth(odd)],
];

const theirs: Partial<Record<Quantity, keyof MjData>> = {
  xpos: "xpos",
  xquat: "xquat",
  xipos: "xipos",
  geomXpos: "geom_xpos",
  geomXmat: "geom_xmat",
  siteXpos: "site_xpos",
  subtreeCom: "subtree_com",
  subtreeLinvel: "subtree_linvel",
  cinert: "cinert",
  cvel: "cvel",
  qfrcBias: "qfrc_bias",
  qfrcPassive: "qfrc_passive",
  qfrcActuator: "qfrc_actuator",
  qfrcConstraint: "qfrc_constraint",
  energy: "energy",
};

/** Numbers that MuJoCo writes to a buffer. */
function written(length: number, write: (buffer: InstanceType<typeof mujoco.DoubleBuffer>) => void): Float64Array {
  const buffer = new mujoco.DoubleBuffer(length);
  write(buffer);
  const numbers = Float64Array.from(buffer.GetView());
  buffer.delete();
  return numbers;
}

interface Official {
  readonly model: MjModel;
  readonly data: MjData;
}

for (const [precision, runtime, tolerance] of precisions) {
  for (const [name, xml] of models) {
    test(`${name}, ${precision}: as MuJoCo has them`, () => {
      const model = loadMjcf(runtime, xml, { name });
      const batch = 5;
      const simulation = model.simulation({ batch });
      const { qpos, qvel, ctrl } = someStates(model, batch);
      simulation.setState(qpos, qvel);
      simulation.forward(ctrl);
      const state = simulation.getState();
      const official: Official = { model: mujocoModel(xml), data: null as never };
      const data = new mujoco.MjData(official.model);
      const row = (values: Float64Array, b: number) =>
        values.slice((b * values.length) / batch).slice(0, values.length / batch);
      for (let b = 0; b < batch; b++) {
        data.qpos.set(row(state.qpos, b));
        data.qvel.set(row(state.qvel, b));
        data.ctrl.set(row(ctrl, b));
        mujoco.mj_forward(official.model, data);
        mujoco.mj_subtreeVel(official.model, data);
        const check = (what: string, ours: ArrayLike<number>, expected: ArrayLike<number>, factor = 1) => {
          const error = errorOf(ours, expected);
          assert.ok(error <= factor * tolerance, `${what} of environment ${b}: ${error}`);
        };
        for (const [quantity, property] of Object.entries(theirs)) {
          check(
            quantity,
            row(simulation.read(quantity as Quantity), b),
            data[property as keyof MjData] as Float64Array,
          );
        }
        check("qaccSmooth", row(simulation.read("qaccSmooth"), b), data.qacc_smooth, 20);
        check("qacc", row(simulation.read("qacc"), b), data.qacc, 20);
        const { nv, nbody } = model;
        const full = written(nv * nv, (buffer) => mujoco.mj_fullM(official.model, data, buffer));
        check("massMatrix", row(simulation.read("massMatrix"), b), full);
        for (let body = 0; body < nbody; body++) {
          const { linear, angular } = simulation.jacobian(b, body);
          const jac = (of: "linear" | "angular") =>
            written(3 * nv, (buffer) => {
              const [position, rotation] = of === "linear" ? [buffer, null] : [null, buffer];
              mujoco.mj_jacBody(official.model, data, position, rotation, body);
            });
          check(`linear Jacobian of body ${body}`, linear, jac("linear"));
          check(`angular Jacobian of body ${body}`, angular, jac("angular"));
          const point = [0.3, -1, 2];
          const at = written(3 * nv, (buffer) => mujoco.mj_jac(official.model, data, buffer, null, point, body));
          check(`Jacobian of a point on body ${body}`, simulation.jacobian(b, body, point).linear, at);
        }
      }
      data.delete();
      official.model.delete();
      simulation.dispose();
      model.dispose();
    });
  }
}

test("far from the origin, inertias and velocities lose nothing", () => {
  const model = fixture(runtime, "ant");
  const near = model.simulation({ batch: 1 });
  const far = model.simulation({ batch: 1 });
  const { qpos, qvel } = someStates(model, 1);
  near.setState(qpos, qvel);
  far.setState(
    qpos.map((x, k) => (k < 2 ? x + 1000 : x)),
    qvel,
  );
  for (const quantity of ["cinert", "cvel", "subtreeLinvel", "massMatrix"] as const) {
    assert.ok(errorOf(far.read(quantity), near.read(quantity)) < 1e-6, quantity);
  }
  assert.ok(errorOf(far.read("xpos"), near.read("xpos")) > 0.9);
});

test("poses of geoms, and elements by name", () => {
  const model = loadMjcf(runtime, smooth(odd));
  const simulation = model.simulation({ batch: 6 });
  const { qpos, qvel } = someStates(model, 6);
  simulation.setState(qpos, qvel);
  const poses = simulation.poses();
  const [positions, matrices] = [simulation.read("geomXpos"), simulation.read("geomXmat")];
  for (let g = 0; g < 6 * model.compiled.ngeom; g++) {
    assert.equal([...poses.slice(7 * g, 7 * g + 3)], [...positions.slice(3 * g, 3 * g + 3)]);
    const [w, x, y, z] = poses.slice(7 * g + 3, 7 * g + 7) as unknown as [number, number, number, number];
    const row = [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)];
    assert.ok(errorOf(row, matrices.slice(9 * g, 9 * g + 3)) < 1e-6);
  }
  const out = new Float32Array(poses.length);
  assert.is(simulation.poses(out), out);
  assert.equal(out, poses);

  const { nbody } = model;
  const body = model.body("piston");
  assert.equal(
    simulation.bodyPosition("piston", 5),
    simulation
      .read("xpos")
      .slice(3 * (5 * nbody + body))
      .slice(0, 3),
  );
  assert.equal(simulation.bodyPosition(body, 5), simulation.bodyPosition("piston", 5));
  assert.equal(
    simulation.bodyQuaternion("tail", 1),
    simulation
      .read("xquat")
      .slice(4 * (nbody + model.body("tail")))
      .slice(0, 4),
  );
  assert.equal(simulation.sitePosition("still"), Float64Array.of(1, 2, 3));
  assert.equal(simulation.geomPosition("floor", 3), Float64Array.of(0, 0, -2));
  const state = simulation.getState();
  assert.is(simulation.jointPosition("loose").length, 7);
  assert.is(simulation.jointVelocity("loose").length, 6);
  assert.is(simulation.jointPosition("wag", 2)[0], state.qpos[3 * model.nq - 1]);
  assert.is(simulation.jointVelocity("wag", 2)[0], state.qvel[3 * model.nv - 1]);
});

test.run();
