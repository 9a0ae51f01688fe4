// What the compiler refuses, and how: every construct that is MJCF but not simulated, every slip, each with the line and the
// name of the element; and the kinds of error that wrong arguments give.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MbrlError, MjcfError } from "../../../src/check.js";
import { checkSimulable, compileMjcf } from "../../../src/physics/index.js";
import { runtime } from "../../support/runtime.js";
import { compile } from "./support.js";

const errors = suite("mjcf errors");

function failure(run: () => unknown, what = "it"): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${what} was accepted`);
}

/** A document whose parts are on the lines that the tables below name: sections on 2, the body's content on 5. */
function document({ section = "", body = "", after = "", geom = '<geom size="0.1"/>' }): string {
  return `<mujoco>
${section}
<worldbody>
<body name="b">
${body}
<joint name="j" type="hinge"/>${geom}
</body>
</worldbody>
${after}
</mujoco>`;
}

type Case = readonly [content: string, element: string, message: RegExp];

function check(cases: readonly Case[], line: number, place: (content: string) => string): void {
  for (const [content, element, message] of cases) {
    const error = failure(() => compile(place(content), { name: "robot.xml" }), content);
    assert.instance(error, MjcfError, `${content}: ${error.stack}`);
    assert.instance(error, MbrlError);
    const { code, file, line: at, element: name } = error as MjcfError;
    assert.equal([code, file, at, name], ["MJCF", "robot.xml", line, element], `${content}: ${error.message}`);
    assert.ok(error.message.startsWith(`robot.xml:${line}: `), error.message);
    assert.match(error.message, message, content);
  }
}

errors("sections: what is not supported or not MJCF, on line 2", () => {
  const cases: Case[] = [
    ['<compiler coordinate="global"/>', "compiler", /with coordinate="global" is not supported/],
    ['<compiler fusestatic="true"/>', "compiler", /with fusestatic="true" is not supported/],
    ['<compiler alignfree="true"/>', "compiler", /alignfree="true"/],
    ['<compiler angle="grad"/>', "compiler", /angle="grad": expected one of degree, radian/],
    ['<compiler angel="degree"/>', "compiler", /has no attribute "angel"/],
    ['<compiler eulerseq="xyw"/>', "compiler", /eulerseq="xyw": expected three of x, y, z/],
    ['<compiler settotalmass="heavy"/>', "compiler", /settotalmass="heavy": "heavy" is not a number/],
    ['<option integrator="implicit"/>', "option", /integrator="implicit" is not supported: this engine has Euler/],
    ['<option integrator="implicitfast"/>', "option", /integrator="implicitfast" is not supported/],
    ['<option integrator="discrete"/>', "option", /integrator="discrete" is not supported/],
    ['<option integrator="rk4"/>', "option", /integrator="rk4": expected one of Euler, RK4/],
    ['<option solver="Gauss"/>', "option", /solver="Gauss": expected one of PGS, CG, Newton/],
    ['<option timestep="0"/>', "option", /timestep="0": expected more than 0/],
    ['<option timestep="nan"/>', "option", /"nan" is not a number/],
    ['<option gravity="0 0"/>', "option", /gravity="0 0": expected 3 numbers/],
    ['<option noslip_iterations="3"/>', "option", /noslip_iterations="3" is not supported/],
    ['<option viscosity="-1"/>', "option", /expected at least 0/],
    ['<option actuatorgroupdisable="1 40"/>', "option", /expected groups from 0 to 30/],
    ['<option><flag override="enable"/></option>', "flag", /with override="enable" is not supported/],
    ['<option><flag sleep="enable"/></option>', "flag", /with sleep="enable" is not supported/],
    ['<option><flag diagexact="enable"/></option>', "flag", /diagexact/],
    ['<option><flag contact="false"/></option>', "flag", /contact="false": expected one of enable, disable/],
    ["<extension/>", "extension", /is not supported/],
    ['<asset><model name="m" file="m.xml"/></asset>', "model", /is not supported/],
    ["<deformable><flex/></deformable>", "flex", /is not supported/],
    ['<contact><pair geom1="a" geom2="b"/></contact>', "pair", /is not supported/],
    ['<contact><exclude body1="b"/></contact>', "exclude", /needs an attribute "body2"/],
    ['<contact><exclude body1="b" body2="c"/></contact>', "exclude", /body2="c": there is no such body/],
    ['<equality><connect body1="b" anchor="0 0 0"/></equality>', "connect", /is not supported/],
    ['<equality><joint joint1="j"/></equality>', "joint", /in <equality> is not supported/],
    ["<tendon><spatial/></tendon>", "spatial", /is not supported/],
    ['<sensor><plugin plugin="x"/></sensor>', "plugin", /is not supported/],
    ['<sensor><gyroscope site="s"/></sensor>', "gyroscope", /is no element of MJCF here, in <sensor>/],
    ['<visual><map zneer="1"/></visual>', "map", /has no attribute "zneer"/],
    ['<default class="base"/>', "default", /class="base": the class at the root is "main"/],
    ["<default><default/></default>", "default", /needs an attribute "class"/],
    ['<default><default class="c"/><default class="c"/></default>', "default", /class="c" is there already/],
    ["<default><joint/><joint/></default>", "joint", /is there twice in <default>/],
    ['<default><geom condim="2"/></default>', "geom", /condim="2": expected 1, 3, 4 or 6/],
    ["<default><muscle/></default>", "muscle", /is not supported/],
    ["<worldbodies/>", "worldbodies", /is no element of MJCF here, in <mujoco>/],
    ['<include file="x.xml"/>', "include", /of "x.xml": pass a function "resolve"/],
  ];
  check(cases, 2, (section) => document({ section }));
});

errors("inside a body: what is not supported or not valid, on line 5", () => {
  const cases: Case[] = [
    ['<joint name="k" type="ball"/>', "joint", /"k" with type="ball" is not supported/],
    ['<joint frictionloss="0.1"/>', "joint", /frictionloss="0.1" is not supported/],
    ['<joint springdamper="1 1"/>', "joint", /springdamper="1 1" is not supported/],
    ['<joint stiffness="1 2"/>', "joint", /stiffness="1 2" is not supported: springs are linear/],
    ['<joint damping="1 0 2"/>', "joint", /damping="1 0 2" is not supported: dampers are linear/],
    ['<joint actuatorfrcrange="-1 1"/>', "joint", /actuatorfrcrange="-1 1" is not supported/],
    ['<joint actuatorgravcomp="true"/>', "joint", /actuatorgravcomp="true" is not supported/],
    ['<joint axis="0 0 0"/>', "joint", /axis: it has no direction/],
    ['<joint limited="true"/>', "joint", /range: expected the lower limit first/],
    ['<joint limited="yes"/>', "joint", /limited="yes": expected one of true, false, auto/],
    ['<joint solreflimit="0.02 -1"/>', "joint", /expected two positive numbers, or none/],
    ['<joint range="1"/>', "joint", /range="1": expected 2 numbers/],
    ['<joint name="j"/><joint name="j"/>', "joint", /"j" has the name of another/],
    ['<joint class="nowhere"/>', "joint", /class="nowhere": there is no such default class/],
    ['<joint dampin="1"/>', "joint", /has no attribute "dampin"/],
    ['<freejoint align="true"/>', "freejoint", /align="true" is not supported/],
    ['<geom type="mesh" mesh="m"/>', "geom", /type="mesh" is not supported/],
    ['<geom type="hfield" hfield="m"/>', "geom", /type="hfield" is not supported/],
    ['<geom type="sdf"/>', "geom", /type="sdf" is not supported/],
    ['<geom type="box" mesh="m" size="1 1 1"/>', "geom", /mesh="m" is not supported/],
    ['<geom type="ball" size="1"/>', "geom", /type="ball": expected one of plane, sphere/],
    ['<geom type="plane" size="1 1 1"/>', "geom", /is a plane on a body that moves/],
    ['<geom name="g"/>', "geom", /"g" size: expected 1 number above 0/],
    ['<geom type="box" size="1 1"/>', "geom", /size: expected 3 numbers above 0/],
    ['<geom type="capsule" size="-1 1"/>', "geom", /size: expected 2 numbers above 0/],
    ['<geom size="1 1 1 1"/>', "geom", /size="1 1 1 1": expected 1 to 3 numbers/],
    ['<geom size="1" mass="-1"/>', "geom", /has a negative mass/],
    ['<geom size="1" density="NaN"/>', "geom", /"NaN" is not a number/],
    ['<geom size="1" density="1e999"/>', "geom", /"1e999" is not a number within/],
    ['<geom size="1" density="0x10"/>', "geom", /"0x10" is not a number/],
    ['<geom size="1" contype="1.5"/>', "geom", /contype="1.5": expected an integer/],
    ['<geom size="1" contype="9999999999"/>', "geom", /expected an integer/],
    ['<geom size="1" fluidshape="ellipsoid"/>', "geom", /fluidshape="ellipsoid" is not supported/],
    ['<geom size="1" surfacevel="1"/>', "geom", /surfacevel="1" is not supported/],
    ['<geom size="1" adhesion="1"/>', "geom", /adhesion="1" is not supported/],
    ['<geom size="1 1 1" type="ellipsoid" shellinertia="true"/>', "geom", /shellinertia="true" is not supported/],
    ['<geom size="1" fromto="0 0 0 1 0 0"/>', "geom", /fromto: expected a capsule/],
    ['<geom type="capsule" size="1" fromto="0 0 0 0 0 0"/>', "geom", /fromto: the points are too close/],
    ['<geom type="capsule" size="1" pos="1 0 0" fromto="0 0 0 1 0 0"/>', "geom", /has both pos and fromto/],
    ['<geom size="1" quat="0 0 0 0"/>', "geom", /zero quaternion/],
    ['<geom size="1" quat="1 0 0 0" euler="0 0 0"/>', "geom", /has both quat and euler/],
    ['<geom size="1" zaxis="0 0 0"/>', "geom", /zaxis: the z axis has no direction/],
    ['<geom size="1" xyaxes="1 0 0 2 0 0"/>', "geom", /xyaxes: the axes are parallel/],
    ['<geom size="1" axisangle="1 0 0 1e12"/>', "geom", /axisangle: an angle is larger than 1000000 rad/],
    ['<geom size="1"><plugin plugin="x"/></geom>', "plugin", /is not supported/],
    ['<geom size="1" mas="1"/>', "geom", /has no attribute "mas"/],
    ['<site type="mesh"/>', "site", /no such site/],
    ['<site position="1 0 0"/>', "site", /has no attribute "position"/],
    ['<inertial mass="1" diaginertia="1 1 1"/>', "inertial", /needs an attribute "pos"/],
    ['<inertial pos="0 0 0"/>', "inertial", /needs an attribute "mass"/],
    ['<inertial pos="0 0 0" mass="1" fullinertia="1 1 1 2 0 0"/>', "inertial", /principal moments must be positive/],
    ['<inertial pos="0 0 0" mass="1" fullinertia="1 1 1 0 0 0" euler="1 0 0"/>', "inertial", /has both/],
    ['<inertial pos="0 0 0" mass="1" fullinertia="1 1 1 0 0 0" diaginertia="1 1 1"/>', "inertial", /has both/],
    ['<body name="b"/>', "body", /"b" has the name of another/],
    ['<body name="world"/>', "body", /has the name of another/],
    ['<body gravcomp="1"/>', "body", /gravcomp="1" is not supported/],
    ['<body childclass="none"/>', "body", /childclass="none": there is no such default class/],
    ['<body class="main"/>', "body", /has no attribute "class"/],
    ["<body><joint/></body>", "body", /moves, and has no mass or no inertia/],
    ['<body><freejoint/><geom size="1"/></body>', "freejoint", /only a child of the world/],
    ['<body><inertial pos="0 0 0" mass="1" diaginertia="1 1 3"/></body>', "body", /of which one is larger/],
    ['<body><inertial pos="0 0 0" mass="-1" diaginertia="1 1 1"/></body>', "inertial", /negative mass/],
    ['<body><inertial pos="0 0 0" mass="1" diaginertia="-1 1 1"/></body>', "inertial", /negative mass or moment/],
    ["<composite/>", "composite", /is not supported/],
    ["<flexcomp/>", "flexcomp", /is not supported/],
    ["<attach/>", "attach", /is not supported/],
    ["<replicate/>", "replicate", /is not supported/],
    ['<plugin plugin="x"/>', "plugin", /is not supported/],
    ["<hinge/>", "hinge", /is no element of MJCF here, in <body>/],
  ];
  check(cases, 5, (body) => document({ body }));
});

errors("actuators and tendons: what bears no force or another than ours, on line 9", () => {
  const actuators: Case[] = [
    ['<motor name="m"/>', "motor", /"m" needs an attribute "joint"/],
    ['<motor joint="k"/>', "motor", /joint="k": there is no such joint/],
    ['<motor tendon="t"/>', "motor", /tendon="t" is not supported: actuators drive joints/],
    ['<motor site="s"/>', "motor", /site="s" is not supported/],
    ['<motor cranksite="s" slidersite="t"/>', "motor", /cranksite="s" is not supported/],
    ['<general body="b"/>', "general", /body="b" is not supported/],
    ['<motor joint="j" ctrlrange="1 -1" ctrllimited="true"/>', "motor", /ctrlrange: expected the lower limit first/],
    ['<motor joint="j" damping="1"/>', "motor", /damping="1" is not supported/],
    ['<motor joint="j" armature="1"/>', "motor", /armature="1" is not supported/],
    ['<motor joint="j" delay="0.1" nsample="3"/>', "motor", /nsample="3" is not supported/],
    ['<position joint="j" timeconst="0.1"/>', "position", /timeconst="0.1" is not supported: actuators have no state/],
    ['<position joint="j" kv="1" dampratio="1"/>', "position", /has both kv and dampratio/],
    ['<position joint="j" kv="-1"/>', "position", /kv="-1": expected at least 0/],
    ['<position joint="j" inheritrange="1"/>', "position", /inheritrange: the joint has no range/],
    ['<general joint="j" dyntype="filter"/>', "general", /dyntype="filter" is not supported/],
    ['<general joint="j" gaintype="muscle"/>', "general", /gaintype="muscle" is not supported/],
    ['<general joint="j" gaintype="affine" gainprm="1 2"/>', "general", /gaintype="affine" is not supported/],
    ['<general joint="j" biastype="muscle"/>', "general", /biastype="muscle" is not supported/],
    ['<general joint="j" actrange="-1 1"/>', "general", /actrange="-1 1" is not supported/],
    ['<general joint="j" actdim="2"/>', "general", /actdim="2" is not supported/],
    ['<velocity joint="j" kp="2"/>', "velocity", /has no attribute "kp"/],
    ['<muscle joint="j"/>', "muscle", /is not supported/],
    ['<intvelocity joint="j"/>', "intvelocity", /is not supported/],
    ['<damper joint="j"/>', "damper", /is not supported/],
    ['<adhesion body="b"/>', "adhesion", /is not supported/],
    ['<plugin plugin="x"/>', "plugin", /is not supported/],
  ];
  check(actuators, 9, (actuator) => document({ after: `<actuator>${actuator}</actuator>` }));
  const joint = '<joint joint="j" coef="1"/>';
  const tendons: Case[] = [
    [`<fixed stiffness="1">${joint}</fixed>`, "fixed", /stiffness="1" is not supported: a fixed tendon bears no force/],
    [`<fixed damping="0 1">${joint}</fixed>`, "fixed", /damping="0 1" is not supported/],
    [`<fixed frictionloss="1">${joint}</fixed>`, "fixed", /frictionloss="1" is not supported/],
    [`<fixed range="-1 1">${joint}</fixed>`, "fixed", /range="-1 1" is not supported/],
    [`<fixed armature="1">${joint}</fixed>`, "fixed", /armature="1" is not supported/],
    [`<fixed actuatorfrcrange="-1 1">${joint}</fixed>`, "fixed", /actuatorfrcrange="-1 1" is not supported/],
    ['<fixed><joint joint="k" coef="1"/></fixed>', "joint", /joint="k": there is no such joint/],
  ];
  check(tendons, 9, (tendon) => document({ after: `<tendon>${tendon}</tendon>` }));
});

errors("a default class is refused where it is used, by the element that uses it", () => {
  const section = '<default><joint frictionloss="1"/></default>';
  const error = failure(() => compile(document({ section }))) as MjcfError;
  assert.is(error.line, 6);
  assert.match(error.message, /^model:6: <joint> "j" with frictionloss \(from its default class\) is not supported/);
  compile(document({ section: '<default><default class="unused"><joint frictionloss="1"/></default></default>' }));
});

errors("the world has no attributes, joints and inertia", () => {
  const world = (content: string): string => `<mujoco>\n<worldbody>\n${content}\n</worldbody></mujoco>`;
  for (const content of ["<joint/>", "<freejoint/>", '<inertial pos="0 0 0" mass="1"/>']) {
    const error = failure(() => compile(world(content))) as MjcfError;
    assert.is(error.line, 3);
    assert.match(error.message, /is no element of MJCF here, in <worldbody>/);
  }
  // in a frame of the world
  for (const content of ["<joint/>", "<freejoint/>", '<inertial pos="0 0 0" mass="1"/>']) {
    assert.match(failure(() => compile(world(`<frame>${content}</frame>`))).message, /cannot be in the world/);
  }
  assert.match(failure(() => compile('<mujoco><worldbody name="w"/></mujoco>')).message, /has no attribute "name"/);
});

errors("contacts with torsion, elliptic cones: refused where a pair of geoms has them", () => {
  const floor = '<geom name="floor" type="plane" size="1 1 1" CONDIM/>';
  const xml = (condim: string, cone: string): string =>
    document({ section: `<option cone="${cone}"/>` }).replace(
      "<worldbody>",
      `<worldbody>${floor.replace("CONDIM", condim)}`,
    );
  compile(xml("", "pyramidal"));
  const torsion = failure(() => compile(xml('condim="4"', "pyramidal"))) as MjcfError;
  assert.is(torsion.line, 3);
  assert.match(torsion.message, /<geom> "floor" with condim="4" is not supported: contacts slide/);
  // nothing it could touch
  compile(xml('condim="6" contype="0" conaffinity="0"', "pyramidal"));
  const elliptic = failure(() => compile(xml("", "elliptic"))) as MjcfError;
  assert.is(elliptic.line, 2);
  assert.match(elliptic.message, /<option> with cone="elliptic" is not supported/);
  compile(xml('contype="0" conaffinity="0"', "elliptic"));
});

errors("shapes without contacts compile, and checkSimulable names both", () => {
  const box = '\n<geom name="crate" type="box" size="1 1 1"/>';
  const xml = document({ geom: box }).replace("<worldbody>", '<worldbody><geom name="ball" size="1"/>');
  const model = compile(xml, { name: "robot.xml" });
  assert.is(model.pairs.length, 1);
  const error = failure(() => checkSimulable(model)) as MjcfError;
  assert.is(
    error.message,
    'robot.xml:7: <geom> "crate" of type box can touch the sphere "ball" of robot.xml:3; ' +
      "contacts are those of planes, spheres and capsules",
  );
  const unnamed = compile(xml.replace('name="ball"', "").replace('name="crate"', ""), { name: "robot.xml" });
  assert.match(
    (failure(() => checkSimulable(unnamed)) as MjcfError).message,
    /^robot.xml:7: <geom> of type box can touch the sphere of robot.xml:3; /,
  );
  checkSimulable(compile(document({})));
  checkSimulable(compile(xml.replace("<worldbody>", '<option><flag contact="disable"/></option><worldbody>')));
});

errors("a mass matrix that has no inverse names the body", () => {
  const body = '<joint type="slide" axis="1 0 0"/><joint type="slide" axis="1 0 0"/>';
  const error = failure(() => compile(document({ body }))) as MjcfError;
  assert.is(error.line, 4);
  assert.match(error.message, /<body> "b" has a joint that moves no mass which the joints before it do not move alike/);
  assert.match(error.message, /armature/);
  const [first, second] = body.split("/>");
  compile(document({ body: `${first}/>${second} armature="1"/>` }));
});

errors("includes: in place, lines of their own file, no cycles and repetitions", () => {
  const files: Record<string, string> = {
    "geom.xml": '<mujoco>\n<geom name="included" size="0.1"/>\n</mujoco>',
    "bad.xml": '<mujoco>\n\n<geom size="0.1" mas="1"/></mujoco>',
    "cycle.xml": '<mujoco><include file="cycle.xml"/></mujoco>',
    "broken.xml": "<mujoco>\n<geom></mujoco>",
    "outer.xml": '<mujoco><include file="geom.xml"/></mujoco>',
  };
  const resolve = (path: string): string => {
    if (files[path] === undefined) throw new Error("no such file");
    return files[path];
  };
  const run = (body: string) => compile(document({ body }), { name: "main.xml", resolve });
  assert.equal(run('<include file="outer.xml"/>').geomName, ["included", ""]);
  const expected: [string, string, number, RegExp][] = [
    ["bad.xml", "bad.xml", 3, /has no attribute "mas"/],
    ["broken.xml", "broken.xml", 2, /not well-formed XML: Missing end tag for element geom/],
    ["cycle.xml", "cycle.xml", 1, /it is included already/],
    ["absent.xml", "main.xml", 5, /<include> of "absent.xml" failed: no such file/],
  ];
  for (const [path, file, line, message] of expected) {
    const error = failure(() => run(`<include file="${path}"/>`)) as MjcfError;
    assert.instance(error, MjcfError);
    assert.equal([error.file, error.line], [file, line], error.message);
    assert.match(error.message, message);
  }
  assert.match(failure(() => run('<include file="geom.xml"/><include file="geom.xml"/>')).message, /already/);
  assert.match(failure(() => run("<include/>")).message, /needs an attribute "file"/);
  assert.match(failure(() => run('<include file="geom.xml"><geom/></include>')).message, /cannot have children/);
  const wrong = (): unknown => compile(document({ body: '<include file="x"/>' }), { resolve: () => 7 as never });
  assert.match(failure(wrong).message, /"resolve" gave no string/);
});

errors("XML: what is no document, or more than a document", () => {
  const cases: [string, number, RegExp][] = [
    ["", 1, /Root element is missing/],
    ["no markup", 1, /Root element is missing/],
    ["<mujoco>", 1, /not well-formed/],
    ["<mujoco>\n<a></b></mujoco>", 2, /Missing end tag/],
    ['<mujoco model="a" model="b"/>', 1, /not well-formed/],
    ["<!DOCTYPE mujoco>\n<mujoco/>", 1, /a document type or entity declaration is refused/],
    ['\n<!DOCTYPE a [<!ENTITY b "c">]><mujoco/>', 2, /refused/],
    ['<mujoco>\n<!ENTITY b "c"></mujoco>', 2, /refused/],
    ['<mujoco model="&lol;"/>', 1, /not well-formed/],
    ["<mujoco>\n<!-- never ends", 2, /a comment has no end/],
    ['<mujoco>\n<option timestep="1/></mujoco>', 2, /a tag has no end/],
    ["<mujoco><![CDATA[ </mujoco>", 1, /a CDATA section has no end/],
    ["<robot/>", 1, /<robot> is the root: expected <mujoco>/],
    ["<mujoco/><mujoco/>", 1, /not well-formed/],
  ];
  for (const [xml, line, message] of cases) {
    const error = failure(() => compile(xml)) as MjcfError;
    assert.instance(error, MjcfError, `${xml}: ${error.stack}`);
    assert.is(error.line, line, `${xml}: ${error.message}`);
    assert.match(error.message, message);
  }
  // "--" in a comment, tags in comments, other markup
  const odd = '<?xml version="1.0"?>\n<!-- a -- b <x> -->\n<mujoco><!--<a--><?pi x?> text <![CDATA[ <b> ]]></mujoco>\n';
  assert.is(compile(odd).nbody, 1);
});

errors("wrong arguments are TypeErrors", () => {
  const { kernels } = runtime;
  const xml = document({});
  const cases: [() => unknown, RegExp][] = [
    [() => compileMjcf(kernels, undefined as never), /loadMjcf: "xml" expected a string, got undefined/],
    [() => compileMjcf(kernels, xml, { name: 3 as never }), /"name" expected a string/],
    [() => compileMjcf(kernels, xml, { resolve: "x" as never }), /"resolve" expected a function/],
    [() => compileMjcf(kernels, xml, { file: "x" } as never), /unknown option "file"; known: name, resolve/],
  ];
  for (const [run, message] of cases) {
    const error = failure(run);
    assert.instance(error, TypeError);
    assert.match(error.message, message);
  }
});

errors.run();
