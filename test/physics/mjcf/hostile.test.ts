// 10,000 damaged MJCF documents, and documents at and beyond each cap of the compiler: a model or an MjcfError.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MjcfError } from "../../../src/check.js";
import { hostileDocument, storm, survives } from "./hostile.js";
import { compile } from "./support.js";

const hostile = suite("mjcf hostile");

hostile("10,000 damaged documents: models that are whole, or errors with a line", () => {
  const { models, refused } = storm(1, 10_000);
  console.log(`note: ${models} models, ${refused} errors`);
  // some damage does no harm
  assert.ok(models > 2000 && refused > 5000);
  assert.is(hostileDocument(17), hostileDocument(17));
});

const world = (content: string): string => `<mujoco><worldbody>${content}</worldbody></mujoco>`;
const ball = '<geom size=".1"/>';
const moving = `<joint/>${ball}`;

function nested(depth: number, content: string): string {
  return `${`<body pos="1 0 0">${content}`.repeat(depth)}${"</body>".repeat(depth)}`;
}

// just inside, just outside, and what the error says
const caps: readonly (readonly [inside: string, outside: string, message: RegExp])[] = [
  [
    `<mujoco>${" ".repeat(4_000_000)}</mujoco>`,
    `<mujoco>${" ".repeat(4 * 1024 * 1024)}</mujoco>`,
    /longer than 4194304/,
  ],
  [world("<light/>".repeat(99_998)), world("<light/>".repeat(99_999)), /more than 100000 elements/],
  [world(nested(253, ball)), world(nested(255, ball)), /nested more than 256 deep/],
  [world(nested(4, moving)), world("<body>".repeat(100_000)), /nested more than 256 deep/],
  [world('<body pos="0 0 1"/>'.repeat(2047)), world("<body/>".repeat(2048)), /more than 2048/],
  [world(ball.repeat(4096)), world(ball.repeat(4097)), /more than 4096/],
  [world("<site/>".repeat(4096)), world("<site/>".repeat(4097)), /more than 4096/],
  [world(`<body>${moving}</body>`.repeat(20)), world(`<body>${moving}</body>`.repeat(513)), /beyond 512 degrees/],
  [world(`<body>${moving}</body>`.repeat(300)), world(`<body>${moving}</body>`.repeat(400)), /pairs .* beyond 65536/],
  [
    world(`<geom name="${"n".repeat(256)}" size="1"/>`),
    world(`<geom name="${"n".repeat(257)}" size="1"/>`),
    /at most 256/,
  ],
  [world('<geom size="1e15"/>'), world('<geom size="1.1e15"/>'), /not a number within/],
];

hostile("at each cap a model, beyond it an error that names the cap", () => {
  for (const [inside, outside, message] of caps) {
    assert.ok(survives(inside), `${message}: refused inside`);
    assert.not(survives(outside), `${message}: accepted outside`);
    try {
      compile(outside);
    } catch (error) {
      assert.instance(error, MjcfError);
      assert.match((error as Error).message, message);
    }
  }
});

hostile("names of JavaScript's own are no attributes, elements or words", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assert.not(survives(world(`<geom size="1" ${name}="1"/>`)));
    assert.not(survives(world(`<${name}/>`)));
    assert.not(survives(world(`<geom size="1" type="${name}"/>`)));
    assert.not(survives(world(`<geom size="1" class="${name}"/>`)));
    assert.ok(survives(world(`<body name="${name}">${moving}</body>`)));
  }
});

hostile.run();
