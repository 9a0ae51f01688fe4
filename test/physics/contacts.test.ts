// Contacts with their forces, and the forces on bodies, against the official build run to convergence.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadMjcf } from "../../src/physics/index.js";
import { mujoco } from "../support/mujoco.js";
import { runtime } from "../support/runtime.js";
import { Official } from "./accuracy/official.js";
import { errorOf } from "./accuracy/ledger.js";
import { fixtureText, precisions, someStates } from "./support.js";

const test = suite("physics contacts");

// spheres and capsules of two trees and of one that touch each other and a floor aslant, with and without friction
const heap = `<mujoco>
  <option timestep="0.002"/>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 1" zaxis="0.1 0 1"/>
    <geom name="post" type="capsule" fromto="0.4 0 0 0.4 0 1" size="0.1"/>
    <body name="a" pos="0 0 0.3"><freejoint/><geom name="a" type="capsule" fromto="-0.3 0 0 0.3 0.1 0" size="0.1"/>
      <body name="b" pos="0 0 0.15"><joint axis="0 1 0"/><geom name="b" size="0.12" pos="0 0 0.1" friction="0.3"/>
        <body pos="0.3 0 0"><joint axis="1 0 0"/><geom name="c" size="0.1" contype="2"/></body></body>
    </body>
    <body name="d" pos="0.1 0.1 0.55"><freejoint/><geom name="d" type="capsule" size="0.1 0.2" condim="1" margin="0.02"/></body>
    <body name="e" pos="-0.3 0 0.45"><freejoint/><geom name="e" size="0.1" condim="1"/></body>
  </worldbody>
</mujoco>`;

// name, document, spread of the states, and how far they are moved down along which element of qpos
const models: readonly [string, string, number, number, number][] = [
  ["heap", heap, 0.05, 0, 0],
  ["ant", fixtureText("ant"), 0.2, 0.4, 2],
  ["half_cheetah", fixtureText("half_cheetah"), 0.2, 0.1, 1],
  ["hopper", fixtureText("hopper"), 0.1, 0.1, 1],
];

for (const [precision, runtime, tolerance] of precisions) {
  for (const [name, xml, spread, depth, height] of models) {
    test(`${name}, ${precision}: as MuJoCo has them`, () => {
      const model = loadMjcf(runtime, xml, { name });
      const official = new Official(xml);
      const batch = 11;
      const simulation = model.simulation({ batch });
      const { nq, nv, nu, nbody } = model;
      const { qpos, qvel, ctrl } = someStates(model, batch, 3, spread);
      for (let b = 0; b < batch; b++) qpos[b * nq + height]! -= depth;
      simulation.setState(qpos, qvel);
      simulation.forward(ctrl);
      const state = simulation.getState();
      const { data } = official;
      let contacts = 0;
      for (let b = 0; b < batch; b++) {
        data.qpos.set(state.qpos.subarray(b * nq, (b + 1) * nq));
        data.qvel.set(state.qvel.subarray(b * nv, (b + 1) * nv));
        data.ctrl.set(ctrl.subarray(b * nu, (b + 1) * nu));
        data.qacc_warmstart.fill(0);
        mujoco.mj_forward(official.model, data);
        mujoco.mj_rnePostConstraint(official.model, data);
        const ours = simulation.contacts(b);
        const theirs = data.contact;
        assert.is(ours.length, theirs.size(), `contacts of environment ${b}`);
        const buffer = new mujoco.DoubleBuffer(6);
        const left = [...ours];
        for (let i = 0; i < ours.length; i++) {
          const their = theirs.get(i)!;
          const [geom1, geom2] = their.geom;
          const away = (at: Float64Array) => errorOf(at, their.pos);
          const [our] = left
            .filter((contact) => contact.geom1 === geom1 && contact.geom2 === geom2)
            .sort((a, c) => away(a.position) - away(c.position));
          assert.ok(our, `contact of geoms ${geom1} and ${geom2}`);
          left.splice(left.indexOf(our), 1);
          mujoco.mj_contactForce(official.model, data, i, buffer);
          const near = (what: string, a: ArrayLike<number>, e: ArrayLike<number>, factor = 1) =>
            assert.ok(errorOf(a, e) <= factor * tolerance, `${what} of contact ${i} of ${b}: ${errorOf(a, e)}`);
          near("distance", [our.distance], [their.dist]);
          near("position", our.position, their.pos);
          near("frame", our.frame, their.frame, 10);
          near("friction", our.friction, their.friction.slice(0, 2));
          near("force", our.force, buffer.GetView().slice(0, 3), 200);
          assert.is(our.dim, their.dim);
          their.delete();
          contacts++;
        }
        buffer.delete();
        theirs.delete();
        const error = errorOf(simulation.read("cfrcExt").slice(b * 6 * nbody, (b + 1) * 6 * nbody), data.cfrc_ext);
        assert.ok(error <= 200 * tolerance, `cfrcExt of environment ${b}: ${error}`);
      }
      assert.ok(contacts > 10, `${contacts} contacts`);
      official.dispose();
      simulation.dispose();
      model.dispose();
    });
  }
}

test("a ball at rest: the floor carries its weight", () => {
  const xml = `<mujoco><worldbody><geom type="plane" size="1 1 1"/>
    <body pos="0 0 0.1"><freejoint/><geom size="0.1" mass="2"/></body></worldbody></mujoco>`;
  const model = loadMjcf(runtime, xml);
  const simulation = model.simulation({ batch: 3 });
  simulation.step(undefined, { repeat: 2000 });
  const [contact, ...more] = simulation.contacts(2);
  assert.is(more.length, 0);
  assert.ok(errorOf(contact!.force, [19.62, 0, 0]) < 1e-5, `${contact!.force}`);
  assert.ok(errorOf(simulation.read("cfrcExt").slice(-6), [0, 0, 0, 0, 0, 19.62]) < 1e-5);
  assert.ok(Math.abs(simulation.read("qacc")[2]!) < 1e-4);
});

test.run();
