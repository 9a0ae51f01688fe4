// The demo of compounding error: its figures are what they say, told the truth at every step errors stay where they are and open loop
// they grow, and its picture is a picture of them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseXml, type XmlElement } from "@rgrove/parse-xml";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  compare,
  D,
  medianWindow,
  predict,
  sizes,
  squaredErrors,
  table,
} from "../../examples/compounding-error/measure.js";
import { picture } from "../../examples/compounding-error/picture.js";
import { createDynamicsModel } from "../../src/models/index.js";
import { runtime } from "../support/runtime.js";

const test = suite("compounding error");
const H = 40;
const small = { ...sizes, rows: 600, hidden: [24], epochs: 100, multiStep: 4, horizon: H, windows: 30 };
const comparison = compare(runtime, small);
const { windows, models } = comparison;

test("windows are stretches of a real pendulum that no model saw", () => {
  const { observations, actions } = windows;
  assert.is(observations.length, H + 1);
  assert.is(actions.length, H);
  for (const rows of observations) assert.is(rows.length, 30 * D);
  // Gymnasium's equations: θ̇' = θ̇ + (3 g / 2 l · sin θ + 3 / m l² · u) dt, clipped; θ' = θ + θ̇' dt
  for (let k = 0; k < H; k++) {
    for (let w = 0; w < 30; w++) {
      const [cos, sin, speed] = observations[k].subarray(D * w, D * w + D);
      const next = Math.max(-8, Math.min(8, speed + (15 * sin + 3 * actions[k][w]) * 0.05));
      const angle = Math.atan2(sin, cos) + next * 0.05;
      const expected = [Math.cos(angle), Math.sin(angle), next];
      for (let d = 0; d < D; d++) assert.ok(Math.abs(observations[k + 1][D * w + d] - expected[d]) < 1e-4);
    }
  }
});

test("anchored predictions start from the truth, those in open loop from predictions", () => {
  const model = createDynamicsModel(runtime, {
    observationSize: D,
    actionSize: 1,
    members: 1,
    hidden: [6],
    probabilistic: false,
    seed: 5,
  });
  const { anchored, openLoop } = predict(model, windows);
  for (const rows of [anchored, openLoop]) assert.equal(rows[0], windows.observations[0]);
  assert.equal(anchored[1], openLoop[1]);
  for (const k of [1, 7, H - 1]) {
    const next = (from: Float32Array): Float32Array => model.predict(from, windows.actions[k]).nextObservation;
    assert.equal(anchored[k + 1], next(windows.observations[k]));
    assert.equal(openLoop[k + 1], next(openLoop[k]));
    assert.not.equal(openLoop[k + 1], anchored[k + 1]);
  }
  model.dispose();
});

test("errors are root mean squares in standard deviations", () => {
  const columns = [0, 1, 2].map((d) => windows.observations.flatMap((rows) => [...rows].filter((_, i) => i % D === d)));
  const scale = columns.map((values) => {
    const mean = values.reduce((a, b) => a + b) / values.length;
    return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  });
  for (const { predictions, errors } of models) {
    for (const how of ["anchored", "openLoop"] as const) {
      assert.is(errors[how][0], 0);
      const k = 13;
      const squares = [...predictions[how][k]].map((x, i) => ((x - windows.observations[k][i]) / scale[i % D]) ** 2);
      const expected = Math.sqrt(squares.reduce((a, b) => a + b) / squares.length);
      assert.ok(Math.abs(errors[how][k] - expected) < 1e-9 * expected);
      assert.is(squaredErrors(windows, predictions[how], k).length, 30);
    }
  }
});

test("told the truth at every step, errors stay where they are; open loop they grow", () => {
  assert.equal(
    models.map(({ loss }) => loss),
    [1, 4],
  );
  for (const { errors } of models) {
    const { anchored, openLoop } = errors;
    assert.is(anchored[1], openLoop[1]);
    const highest = Math.max(...anchored.slice(1));
    assert.ok(highest < 0.1, `a model that is good one step ahead: ${highest}`);
    assert.ok(highest < 3 * Math.min(...anchored.slice(1)), `${anchored}`);
    assert.ok(openLoop[H] > 10 * openLoop[1] && openLoop[H] > 5 * highest, `${openLoop}`);
    assert.ok(openLoop[10] > 2 * openLoop[1] && openLoop[H] > 2 * openLoop[10], `${openLoop}`);
  }
  assert.not.equal(models[0].errors, models[1].errors);
});

test("the table has the figures", () => {
  const lines = table(comparison).split("\n");
  assert.is(lines.length, 6);
  const cells = (line: string): string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const steps = cells(lines[0]).slice(1).map(Number);
  assert.equal(steps, [1, 2, 5, 10, 20, 40]);
  const rows = lines.slice(2).map((line) => cells(line).slice(1).map(Number));
  const { anchored, openLoop } = models[1].errors;
  for (const [i, k] of steps.entries()) {
    assert.ok(Math.abs(rows[2][i] / anchored[k] - 1) < 0.06);
    assert.ok(Math.abs(rows[3][i] / openLoop[k] - 1) < 0.06);
  }
});

const elements = ({ children }: XmlElement): XmlElement[] =>
  children.flatMap((child) =>
    child.type === "element" ? [child as XmlElement, ...elements(child as XmlElement)] : [],
  );

/** The animations of a picture: attribute, frames, seconds. */
function animations(svg: string) {
  const { root } = parseXml(svg);
  assert.ok(root);
  const all = elements(root);
  const ids = new Set(all.map(({ attributes }) => attributes.id).filter(Boolean));
  for (const { name, attributes } of all) if (name === "use") assert.ok(ids.has(attributes.href.slice(1)));
  return all
    .filter(({ name }) => name === "animate")
    .map(({ attributes: { attributeName, values, dur } }) => ({
      attribute: attributeName,
      frames: values.split(";").map(Number),
      seconds: Number.parseFloat(dur),
    }));
}

test("the picture is well-formed, and its frames are the steps of the window in the middle", () => {
  const svg = picture(comparison);
  const all = animations(svg);
  // four rods with a bob each, and the mark
  assert.is(all.length, 4 * 4 + 2);
  for (const { frames, seconds } of all) {
    assert.is(frames.length, H + 1);
    assert.ok(frames.every(Number.isFinite));
    assert.is(seconds, 0.1 * H);
  }
  const window = medianWindow(comparison);
  const shown = [
    windows.observations,
    models[0].predictions.anchored,
    models[0].predictions.openLoop,
    models[1].predictions.openLoop,
  ];
  for (const [i, predicted] of shown.entries()) {
    const [x, y] = [all[4 * i], all[4 * i + 1]];
    assert.equal([x.attribute, y.attribute], ["x2", "y2"]);
    for (const [k, rows] of predicted.entries()) {
      const [cos, sin] = rows.subarray(D * window, D * window + 2);
      // upright is up, and y points down; rods are 62 long and rounded to tenths
      assert.ok(Math.abs(x.frames[k] + 62 * sin) < 0.051 && Math.abs(y.frames[k] + 62 * cos) < 0.051);
    }
  }
});

test("half of the windows are worse than the one that is drawn", () => {
  const total = (w: number): number => {
    let sum = 0;
    for (let k = 1; k <= H; k++) sum += squaredErrors(windows, models[0].predictions.openLoop, k)[w];
    return sum;
  };
  const own = total(medianWindow(comparison));
  const worse = Array.from({ length: 30 }, (_, w) => total(w)).filter((each) => each > own).length;
  assert.is(worse, 14);
});

test("the picture in the repository is small, and as long as the demo's horizon", () => {
  const file = fileURLToPath(new URL("../../examples/compounding-error.svg", import.meta.url));
  const svg = readFileSync(file, "utf8");
  assert.ok(svg.length < 30_000);
  const all = animations(svg);
  assert.is(all.length, 18);
  for (const { frames } of all) assert.is(frames.length, sizes.horizon + 1);
});

test.run();
