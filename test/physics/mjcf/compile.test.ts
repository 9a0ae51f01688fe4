// Level 0 of the accuracy protocol: what the compiler makes of each model against MuJoCo's compiled arrays, of the reference
// files and of the official build.

import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mjcfFixture } from "../../support/mujoco.js";
import { compareModels, compile, mujocoArrays } from "./support.js";

const folder = new URL("../../fixtures/", import.meta.url);
const level0 = suite("mjcf compile");

for (const file of readdirSync(new URL("mujoco/", folder)).filter((name) => name.endsWith(".json"))) {
  level0(`${file}: the reference arrays, to 1e-9`, () => {
    const reference = JSON.parse(readFileSync(new URL(`mujoco/${file}`, folder), "utf8"));
    const { compiled, xml } = reference;
    const path = new URL(`mjcf/${xml}`, folder);
    const resolve = (name: string): string => readFileSync(new URL(name, path), "utf8");
    const model = compile(readFileSync(path, "utf8"), { name: xml, resolve });
    // the reference has 12 digits
    compareModels(model, compiled, false, 1e-9);
    const { option } = model;
    for (const name of ["timestep", "impratio", "density", "viscosity", "integrator"] as const) {
      assert.is(option[name], compiled.opt[name], name);
    }
    assert.equal([...option.gravity], compiled.opt.gravity);
    const bits = compiled.opt.disableflags;
    assert.is(option.constraint, (bits & 1) === 0);
    assert.is(option.contact, (bits & 16) === 0);
  });
}

for (const kind of ["gymnasium", "dm_control"]) {
  for (const file of readdirSync(new URL(`mjcf/${kind}/`, folder)).filter((name) => name.endsWith(".xml"))) {
    level0(`${kind}/${file}: the official build's arrays, to 1e-9`, () => {
      const xml = mjcfFixture(`${kind}/${file}`);
      compareModels(compile(xml), mujocoArrays(xml), true);
    });
  }
}

level0.run();
