// Every attribute that the compiler reads, one at a time: it changes the compiled model, into the one that MuJoCo makes of it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CompiledModel } from "../../../src/physics/index.js";
import { mujocoModel } from "../../support/mujoco.js";
import { compareModels, compile, mujocoArrays } from "./support.js";

const effects = suite("mjcf effects");

interface Parts {
  compiler?: string;
  option?: string;
  flag?: string;
  defaults?: string;
  body?: string;
  inertial?: string;
  joint?: string;
  geom?: string;
  shape?: string;
  site?: string;
  exclude?: string;
  actuator?: string;
}

function document(parts: Parts): string {
  const { compiler = "", option = "", flag = "", defaults = "", body = "", inertial = "", joint = "" } = parts;
  const { geom = "", shape = 'type="capsule" size=".1 .2"', site = "", exclude = "" } = parts;
  const { actuator = '<motor joint="hinge"/>' } = parts;
  return `<mujoco>
  <compiler ${compiler}/>
  <option ${option}><flag ${flag}/></option>
  <default><default class="other"><geom density="500"/><joint damping="2"/><site pos="1 1 1"/></default>${defaults}</default>
  <worldbody>
    <geom type="plane" size="2 2 1"/>
    <body name="static"><geom size=".3" pos="0 0 1"/></body>
    <body name="b" pos="0 0 2" ${body}>
      ${inertial}
      <joint name="hinge" range="-30 40" ${joint}/>
      <geom name="g" ${shape} ${geom}/>
      <geom size=".15" pos=".2 .1 0" group="2"/>
      <site name="s" ${site}/>
      <body name="child" pos=".5 0 0">
        <joint name="slide" type="slide" axis="0 1 0"/>
        <geom type="box" size=".1 .2 .3"/>
        <body name="grandchild" pos=".6 0 0"><joint name="last"/><geom size=".1"/></body>
      </body>
    </body>
  </worldbody>
  <contact>${exclude}</contact>
  <actuator>${actuator}</actuator>
</mujoco>`;
}

const cases: Parts[] = [
  { compiler: 'angle="radian"' },
  { compiler: 'eulerseq="zYx"', geom: 'euler="10 20 30"' },
  { compiler: 'settotalmass="3"' },
  { compiler: 'boundmass="9"' },
  { compiler: 'boundinertia="0.3"' },
  { compiler: 'inertiagrouprange="0 1"' },
  {
    compiler: 'inertiafromgeom="true"',
    inertial: '<inertial pos="0 0 .1" mass="2" diaginertia=".1 .1 .1"/>',
    joint: 'ref="1"',
  },
  { compiler: 'balanceinertia="true"', inertial: '<inertial pos="0 0 .1" mass="2" diaginertia=".1 .1 .9"/>' },
  { compiler: 'autolimits="false"', joint: 'limited="true"', geom: 'margin=".1"' },
  { inertial: '<inertial pos="0 0 .1" mass="2" diaginertia=".1 .2 .15"/>' },
  { inertial: '<inertial pos="0 0 .1" mass="2" diaginertia=".1 .2 .15" quat="1 1 0 0"/>' },
  { inertial: '<inertial pos="0 0 .1" mass="2" diaginertia=".1 .2 .15" euler="10 20 30"/>' },
  { inertial: '<inertial pos="0 0 .1" mass="2" fullinertia=".1 .2 .15 .02 -.01 .03"/>' },
  { body: 'euler="10 20 30"' },
  { body: 'axisangle="1 2 3 50"' },
  { body: 'xyaxes="1 1 0 0 1 1"' },
  { body: 'zaxis="1 1 1"' },
  { body: 'zaxis="0 0 -2"' },
  { body: 'quat="1 2 3 4"' },
  { body: 'childclass="other"' },
  { joint: 'class="other"' },
  { joint: 'type="slide"' },
  { joint: 'pos=".1 .2 .3"' },
  { joint: 'axis="1 2 3"' },
  { joint: 'limited="false"' },
  { joint: 'ref="20"' },
  { joint: 'springref="20"' },
  { joint: 'stiffness="3"' },
  { joint: 'damping="3"' },
  { joint: 'armature="3"' },
  { joint: 'margin=".1"' },
  { joint: 'solreflimit=".03 .9"' },
  { joint: 'solreflimit=".05"' },
  { joint: 'solreflimit="-100 -2"' },
  { joint: 'solimplimit=".8 .9 .01"' },
  { geom: 'class="other"' },
  { geom: 'contype="2"' },
  { geom: 'conaffinity="2"' },
  { geom: 'condim="1"' },
  { geom: 'priority="1" friction=".3"' },
  { geom: 'friction="2 .1"' },
  { geom: 'mass="3"' },
  { geom: 'mass="0"' },
  { geom: 'density="300"' },
  { geom: 'density="0"' },
  { geom: 'shellinertia="true"' },
  { geom: 'shellinertia="true" mass="2"', shape: 'type="sphere" size=".1"' },
  { geom: 'shellinertia="true"', shape: 'type="cylinder" size=".1 .3"' },
  { geom: 'shellinertia="true"', shape: 'type="box" size=".1 .3 .2"' },
  { geom: 'solmix="3" solref=".05 1"' },
  { geom: 'solref="-100 -3"' },
  { geom: 'solimp=".5 .6 .1 .4 3"' },
  { geom: 'margin=".1"' },
  { geom: 'gap=".1"' },
  { geom: 'pos="1 2 3"' },
  { geom: 'euler="10 20 30"' },
  { geom: 'axisangle="0 1 0 -2"' },
  { geom: 'quat=".707 0 .707 0"' },
  { geom: 'xyaxes="0 1 0 0 0 1"' },
  { geom: 'zaxis="1 0 0"' },
  { geom: 'fromto="0 0 0 .3 .2 .1"', shape: 'type="capsule" size=".1"' },
  { geom: 'fromto="0 0 .5 0 0 0"', shape: 'type="capsule" size=".1"' },
  { geom: 'fromto="0 0 0 .00000001 0 .6"', shape: 'type="cylinder" size=".1"' },
  { geom: 'fromto="0 0 0 .3 .2 .1"', shape: 'type="box" size=".1"' },
  { geom: 'fromto="0 0 0 .3 .2 .1"', shape: 'type="ellipsoid" size=".1"' },
  { shape: 'type="ellipsoid" size=".1 .2 .3"' },
  { shape: 'size=".2"' },
  { site: 'pos="1 2 3"' },
  { site: 'euler="10 20 30"' },
  { site: 'type="capsule" size=".1" fromto="0 0 0 1 2 3"' },
  { site: 'class="other"' },
  // a class with an orientation: of another kind than the element's, the class's quaternion loses, its others win
  { defaults: '<geom quat="1 1 0 0"/>', geom: 'euler="0 50 0"' },
  { defaults: '<geom euler="10 20 30"/>', geom: 'quat="1 1 0 0"' },
  { defaults: '<geom euler="10 20 30"/>', geom: 'zaxis="1 1 1"' },
  { defaults: '<geom size=".3 .4 .5" friction=".1 .2 .3"/>', shape: 'type="capsule" size=".1"', geom: 'friction="2"' },
  { defaults: '<motor gear="7" ctrlrange="-2 2" forcerange="-1 1"/>' },
  { defaults: '<position kp="7" kv="2"/>', actuator: '<position joint="hinge"/>' },
  { defaults: '<position kp="7" kv="2"/>', actuator: '<general joint="hinge"/>' },
  { defaults: '<general gainprm="5" biastype="affine" biasprm="1 2 3"/>', actuator: '<velocity joint="hinge"/>' },
  { actuator: '<motor joint="slide"/>' },
  { actuator: '<motor jointinparent="slide"/>' },
  { actuator: '<motor joint="hinge" gear="3 4"/>' },
  { actuator: '<motor joint="hinge" ctrlrange="-3 2"/>' },
  { actuator: '<motor joint="hinge" forcerange="-3 2"/>' },
  { actuator: '<position joint="hinge" kp="20" gear="2"/>' },
  { actuator: '<position joint="hinge" kp="20" kv="3"/>' },
  { actuator: '<position joint="hinge" kp="20" dampratio=".7" gear="2"/>' },
  { actuator: '<position joint="hinge" kp="20" inheritrange=".9"/>' },
  { actuator: '<velocity joint="hinge" kv="20"/>' },
  { actuator: '<general joint="hinge" gainprm="3"/>' },
  { actuator: '<general joint="hinge" gaintype="affine" gainprm="3 0 0"/>' },
  { actuator: '<general joint="hinge" gainprm="3" biastype="affine" biasprm="1 -2 -3"/>' },
  { actuator: '<general joint="hinge" gainprm="3" biastype="affine" biasprm="1 -3 2"/>' },
];

// all numbers of a model, for a comparison of two
function everything(model: CompiledModel): string {
  return JSON.stringify(model, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value));
}

effects("each attribute has its effect, and MuJoCo's", () => {
  const base = everything(compile(document({})));
  compareModels(compile(document({})), mujocoArrays(document({})), true);
  for (const parts of cases) {
    const what = Object.values(parts).join(" ");
    try {
      const ours = compile(document(parts));
      compareModels(ours, mujocoArrays(document(parts)), true);
      assert.is.not(everything(ours), base, "it changes nothing");
    } catch (error) {
      (error as Error).message = `${what}: ${(error as Error).message}`;
      throw error;
    }
  }
});

effects("inertiafromgeom: never, always, where there is no <inertial>", () => {
  const inertial = '<inertial pos="0 0 .1" mass="2" diaginertia=".1 .1 .15"/>';
  for (const rule of ["false", "true", "auto"]) {
    for (const still of ["", inertial]) {
      const body = `<body>${inertial}<joint/><geom size=".1"/><body>${still}<geom size=".2" pos="1 0 0"/></body></body>`;
      const xml = `<mujoco><compiler inertiafromgeom="${rule}"/><worldbody>${body}</worldbody></mujoco>`;
      const ours = compile(xml);
      compareModels(ours, mujocoArrays(xml), true);
      assert.is(ours.bodyMass[1] === 2, rule !== "true");
      assert.is(ours.bodyMass[2] === 0, rule === "false" && still === "");
    }
  }
});

effects("options are MuJoCo's", () => {
  const parts: Parts[] = [
    { option: 'timestep=".003" integrator="RK4" gravity="1 2 3" wind="4 5 6" density="2" viscosity=".1" impratio="3"' },
    { option: 'timestep=".004" solver="PGS" iterations="3" tolerance="1e-3" jacobian="sparse" cone="pyramidal"' },
  ];
  for (const part of parts) {
    const model = mujocoModel(document(part));
    const opt = model.opt;
    const { option } = compile(document(part));
    for (const name of ["timestep", "integrator", "density", "viscosity", "impratio"] as const) {
      assert.is(option[name], opt[name], name);
    }
    assert.equal([...option.gravity], Array.from(opt.gravity as ArrayLike<number>));
    assert.equal([...option.wind], Array.from(opt.wind as ArrayLike<number>));
    opt.delete();
    model.delete();
  }
});

// bits of MuJoCo's disableflags, and the options that they turn off
const bits = {
  constraint: [0, "constraint"],
  limit: [3, "limit"],
  contact: [4, "contact"],
  spring: [5, "spring"],
  damper: [6, "damper"],
  gravity: [7, "gravityOn"],
  clampctrl: [8, "clampctrl"],
  filterparent: [10, "filterparent"],
  actuation: [11, "actuation"],
  refsafe: [12, "refsafe"],
  eulerdamp: [15, "eulerdamp"],
} as const;

effects("flags turn off what MuJoCo's turn off", () => {
  for (const [flag, [bit, name]] of Object.entries(bits)) {
    const xml = document({ flag: `${flag}="disable"` });
    const model = mujocoModel(xml);
    const opt = model.opt;
    const { option, pairs } = compile(xml);
    assert.is(opt.disableflags, 1 << bit, flag);
    assert.is(option[name], false, flag);
    assert.is(compile(document({ flag: `${flag}="enable"` })).option[name], true);
    assert.is(pairs.length === 0, flag === "contact" || flag === "constraint", flag);
    opt.delete();
    model.delete();
  }
});

effects("pairs: welded bodies, parents, exclusions, bit masks", () => {
  const names = (parts: Parts): string[] => {
    const { pairs, geomBody, bodyName } = compile(document(parts));
    return pairs.map(({ geom1, geom2 }) => [geom1, geom2].map((geom) => bodyName[geomBody[geom]]).join(" "));
  };
  const all = [
    "world b",
    "world child",
    "world grandchild",
    "static b",
    "child static",
    "static grandchild",
    "b grandchild",
  ];
  const order = (words: string[]): string[] =>
    [...new Set(words.map((word) => word.split(" ").sort().join(" ")))].sort();
  assert.equal(order(names({})), order(all));
  assert.equal(order(names({ flag: 'filterparent="disable"' })), order([...all, "b child", "child grandchild"]));
  const exclude = '<exclude body1="grandchild" body2="b"/><exclude body1="world" body2="child"/>';
  const left = all.filter((words) => words !== "b grandchild" && words !== "world child");
  assert.equal(order(names({ exclude })), order(left));
  const { pairs } = compile(document({ geom: 'contype="4" conaffinity="8"' }));
  assert.ok(pairs.every(({ geom1, geom2 }) => geom1 !== 2 && geom2 !== 2));
});

effects("materials color geoms that have no color of their own", () => {
  const asset = '<asset><material name="red" rgba="1 0 0 .5"/></asset>';
  const color = (geom: string): number[] =>
    Array.from(compile(document({ geom }).replace("<worldbody>", `${asset}<worldbody>`)).geomRgba.subarray(8, 12));
  assert.equal(color(""), [0.5, 0.5, 0.5, 1]);
  assert.equal(color('material="red"'), [1, 0, 0, 0.5]);
  assert.equal(color('material="red" rgba="0 1 0 1"'), [0, 1, 0, 1]);
});

effects("what only draws or measures changes nothing", () => {
  const plain = everything(compile(document({})));
  const additions = [
    '<visual><map znear="0.1"/><global offwidth="100"/></visual>',
    '<statistic extent="3" center="0 0 1" meaninertia="5"/>',
    '<size njmax="100" nconmax="100" nuser_geom="2"/>',
    '<custom><numeric name="n" data="1 2 3"/><text name="t" data="x"/></custom>',
    '<asset><texture name="t" builtin="checker" width="8" height="8"/><material name="m" texture="t"/></asset>',
    '<sensor><jointpos joint="hinge"/><gyro site="s"/><subtreelinvel body="b"/><framepos objtype="geom" objname="g"/></sensor>',
    '<tendon><fixed name="f"><joint joint="hinge" coef="2"/><joint joint="slide" coef="1"/></fixed></tendon>',
    '<keyframe><key name="home" qpos="1 2 3"/></keyframe>',
    "<equality/>",
    '<worldbody><light pos="0 0 3"/><camera mode="targetbody" target="b"/></worldbody>',
    '<option><flag energy="enable" warmstart="disable" island="disable"/></option>',
  ];
  for (const addition of additions) {
    const xml = document({}).replace("</mujoco>", `${addition}</mujoco>`);
    assert.is(everything(compile(xml)), plain, addition);
    compareModels(compile(xml), { ...mujocoArrays(xml), meaninertia: compile(xml).meaninertia }, true);
  }
});

effects.run();
