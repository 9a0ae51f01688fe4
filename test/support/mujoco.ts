// The official MuJoCo build, which compiled models and simulations are compared with, and the MJCF files of test/fixtures.
// Its objects live in a WebAssembly memory of their own: every model and data wants `delete()`.
import { readFileSync } from "node:fs";
import load, { type MjModel } from "@mujoco/mujoco";

/** The build: version 3.14.0, float64, one instance for all tests of a file. */
export const mujoco = await load();

/** MuJoCo's compilation of an MJCF document; throws an `Error` with its message. */
export function mujocoModel(xml: string): MjModel {
  return mujoco.MjModel.from_xml_string(xml);
}

/** The text of `test/fixtures/mjcf/<file>`, with what it includes in place of each `<include>`. */
export function mjcfFixture(file: string): string {
  const url = new URL(`../fixtures/mjcf/${file}`, import.meta.url);
  return readFileSync(url, "utf8").replace(/<include\s+file="([^"]+)"\s*\/>/g, (_, path: string) => {
    const text = readFileSync(new URL(path, url), "utf8");
    return text.slice(text.indexOf("<mujoco>") + "<mujoco>".length, text.lastIndexOf("</mujoco>"));
  });
}
