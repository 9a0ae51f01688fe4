// 100,000 damaged MJCF documents: a model or an MjcfError each, within a bound of memory; and the dearest documents that the
// caps let pass.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { storm, survives } from "../physics/mjcf/hostile.js";

const hostile = suite("mjcf hostile, slow");

const MEGABYTE = 2 ** 20;

// what src/physics/mjcf/limits.ts states, as growth of resident memory
function checkMemory(before: number): void {
  const grown = (process.memoryUsage().rss - before) / MEGABYTE;
  assert.ok(grown < 512, `${grown.toFixed(0)} MB more`);
}

hostile("100,000 damaged documents", () => {
  storm(1_000_000, 500);
  const before = process.memoryUsage().rss;
  const { models, refused } = storm(100_000, 100_000);
  console.log(`note: ${models} models, ${refused} errors`);
  checkMemory(before);
});

hostile("the dearest documents within the caps", () => {
  const before = process.memoryUsage().rss;
  const joints = '<joint axis="1 0 0"/><joint axis="0 1 0"/><joint axis="0 0 1"/>'.repeat(2);
  // a chain of 85 bodies with 6 hinges each, and 1,900 bodies welded to its end
  const link = `<body pos="0.1 0 0">${joints.replaceAll("/>", ' armature="1"/>')}<geom size=".1" contype="0"/>`;
  const leaves = '<body pos="0 0.1 0"><geom size=".1" contype="0"/></body>'.repeat(1900);
  assert.ok(survives(`<mujoco><worldbody>${link.repeat(85)}${leaves}${"</body>".repeat(85)}</worldbody></mujoco>`));
  assert.ok(survives(`<mujoco><custom>${'<text name="a" data="b"/>'.repeat(99_990)}</custom></mujoco>`));
  assert.ok(survives(`<mujoco model="é"><custom><text data="${"é".repeat(4_000_000)}"/></custom></mujoco>`));
  checkMemory(before);
});

hostile.run();
