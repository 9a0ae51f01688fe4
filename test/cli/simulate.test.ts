// `mbrl simulate`: what it reports, and every way in which a file can be bad: one sentence with file, line and reason, exit code 2.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compileCommand, type Outcome, startCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";

const test = suite("cli simulate");
const program = compileCommand("test/support/fake-mbrl.ts");
const cwd = temporaryFolder();

const pole = (more = "") => `<mujoco model="pole">
  <worldbody><geom type="plane" size="1 1 1" pos="0 0 -2"/>
    <body><joint name="hinge" axis="0 1 0" ${more}/><geom type="capsule" fromto="0 0 0 0 0 1" size="0.05"/></body>
    <body pos="2 0 -1.9"><freejoint/><geom size="0.1"/></body>
  </worldbody>
  <actuator><motor joint="hinge" ctrlrange="-2 2" ctrllimited="true" gear="3"/></actuator>
</mujoco>`;

function write(name: string, text: string): string {
  const file = path.join(cwd, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return name;
}

const mbrl = (...args: string[]): Promise<Outcome> => startCommand(program, ["simulate", ...args], { cwd }).outcome;

test("reports speed, contacts, energy and divergence", async () => {
  write("pole.xml", pole());
  const text = await mbrl("pole.xml", "--batch", "6", "--steps", "300");
  assert.is(text.code, 0, text.stderr);
  assert.match(
    text.stdout,
    /^pole: 2 bodies, 7 degrees of freedom, 1 actuators, timestep 0\.002 s\n6 environments, 300 steps of random controls, seed 0, \d+ threads\n[\d.e+]+ steps\/s\ncontacts: 1\.00 per environment in the end\nenergy: potential .* J, kinetic .* J\ndiverged: none\n$/,
  );
  const args = ["pole.xml", "--batch", "6", "--steps", "300", "--json"];
  const runs = [
    ["--threads", "1"],
    ["--threads", "2"],
    ["--threads", "1", "--seed", "4"],
  ];
  const reports = [];
  for (const more of runs) reports.push(JSON.parse((await mbrl(...args, ...more)).stdout));
  assert.equal(
    reports.map(({ threads, batch, steps, seed, nv, diverged }) => [threads, batch, steps, seed, nv, diverged]),
    [
      [1, 6, 300, 0, 7, 0],
      [2, 6, 300, 0, 7, 0],
      [1, 6, 300, 4, 7, 0],
    ],
  );
  assert.ok(reports[0].stepsPerSecond > 0);
  assert.equal(reports[1].energy, reports[0].energy);
  assert.not.equal(reports[2].energy, reports[0].energy);
});

test("takes a task on rigid bodies by its name", async () => {
  const { stdout, stderr } = await mbrl("HalfCheetah-v5", "--batch", "2", "--steps", "3", "--json");
  const { nv, nu, timestep } = JSON.parse(stdout);
  assert.equal([nv, nu, timestep], [9, 6, 0.01], stderr);
});

test("tells who diverged, where and when", async () => {
  write("wild.xml", pole('stiffness="-1e9"'));
  const { stdout, code } = await mbrl("wild.xml", "--batch", "8", "--steps", "200");
  assert.is(code, 0);
  assert.match(
    stdout,
    /contacts: 0\.00 .*\nenergy: potential 0\.000 J, kinetic 0\.000 J\ndiverged: 8 of 8\n( {2}environment \d at degree of freedom 0 \(hinge\) after 0\.\d+ s\n){5} {2}…\n$/,
  );
});

test("includes are looked for beside the file, and nowhere else", async () => {
  write("models/parts/leg.xml", '<mujoco><geom size="0.2" mass="1"/></mujoco>');
  write("secret.xml", "<mujoco/>");
  symlinkSync(path.join(cwd, "secret.xml"), path.join(cwd, "models/link.xml"));
  const including = (file: string) =>
    `<mujoco>\n<worldbody><body><joint/>\n<include file="${file}"/></body></worldbody></mujoco>`;
  write("models/good.xml", including("parts/leg.xml"));
  const good = await mbrl("models/good.xml", "--batch", "1", "--steps", "1", "--json");
  assert.is(JSON.parse(good.stdout).nv, 1, good.stderr);
  const outside = /^mbrl: models\/bad\.xml:3: .*failed: it lies outside the folder of the model\n$/;
  for (const [file, message] of [
    ["../secret.xml", outside],
    [path.join(cwd, "secret.xml"), outside],
    ["link.xml", outside],
    ["/etc/passwd", outside],
    ["gone.xml", /^mbrl: models\/bad\.xml:3: .*gone\.xml.*\n$/],
  ] as const) {
    write("models/bad.xml", including(file));
    const { code, stderr, stdout } = await mbrl("models/bad.xml");
    assert.equal([code, stdout], [2, ""], stderr);
    assert.match(stderr, message);
  }
});

test("a bad file or name: one sentence, exit code 2", async () => {
  write("broken.xml", "<mujoco>\n  <worldbody>\n</mujoco>");
  write("ball.xml", '<mujoco>\n<worldbody>\n<body><joint type="ball"/><geom size="1"/></body>\n</worldbody></mujoco>');
  write("bytes.xml", "");
  writeFileSync(path.join(cwd, "bytes.xml"), Uint8Array.of(60, 255, 254, 0));
  mkdirSync(path.join(cwd, "folder.xml"));
  for (const [args, message] of [
    [["broken.xml"], /^mbrl: broken\.xml:3: /],
    [["ball.xml"], /^mbrl: ball\.xml:3: .*ball/],
    [["bytes.xml"], /^mbrl: cannot read "bytes\.xml": it is no text in UTF-8\n$/],
    [["folder.xml"], /^mbrl: cannot read "folder\.xml": it is a folder\n$/],
    [["none.xml"], /^mbrl: cannot read "none\.xml": there is no such file\n$/],
    [["Hoper"], /^mbrl: unknown task "Hoper"; /],
    [["Pendulum-v1"], /^mbrl: task "Pendulum-v1" has no rigid bodies to simulate\n$/],
    [["pole.xml", "--batch", "0"], /^mbrl: .*--batch.*expected an integer of at least 1\n$/],
    [["pole.xml", "--threads", "1000"], /^mbrl: loadRuntime: "threads" expected an integer in \[1, 64\], got 1000\n$/],
    [["pole.xml", "--batch", "100000000"], /^mbrl: /],
    [[], /^mbrl: missing required argument 'model'\n$/],
  ] as const) {
    const { code, stderr, stdout } = await mbrl(...args);
    assert.equal([code, stdout], [2, ""], `${args}: ${stderr}`);
    assert.match(stderr, message);
    assert.match(stderr, /^mbrl: [^\n]+\n$/);
  }
});

test.run();
