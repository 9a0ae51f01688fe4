// The bar on a terminal, drawn into a stream that says it is one.
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { curveSvg, curveText } from "../../src/cli/curve.js";
import { createDisplay } from "../../src/cli/display.js";
import { nearest } from "../../src/cli/suggest.js";
import type { Progress } from "../../src/types.js";

const test = suite("cli display");

function screen(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const chunks: string[] = [];
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120, rows: 30, cursorTo() {}, clearLine() {} });
  const moves = { moveCursor() {}, clearScreenDown() {} };
  stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  return { stream: Object.assign(stream, moves) as unknown as NodeJS.WriteStream, text: () => chunks.join("") };
}

function progress(trial: number, episodeReturn: number): Progress {
  const steps = { envSteps: 200 * (trial + 1), episodeLength: 200 };
  return { algorithm: "pets", trial, ...steps, episodeReturn, modelLoss: -1.5, wallSeconds: trial };
}

test("a terminal gets a bar with return, loss, speed and time left", async () => {
  const { stream, text } = screen(true);
  const display = createDisplay({ trials: 4, firstTrial: 0, firstEnvSteps: 0, stream });
  display.step({ phase: "act", trial: 0, step: 100, steps: 200, envSteps: 100, episodeReturn: 55.25 });
  await sleep(150);
  display.trial(progress(0, 120));
  display.step({ phase: "fit", trial: 1, step: 3, steps: 9, envSteps: 200, episodeReturn: 0 });
  await sleep(150);
  display.stop();
  const shown = text();
  display.stop();
  assert.is(text(), shown);
  assert.match(text(), /trial 1\/4 act \| return 55\.3 \| loss – \| \d+ steps\/s \| \d+:\d\d left/);
  assert.match(text(), /trial 1\/4: return 120\.0 in 200 steps, model loss -1\.50, 200 steps so far/);
  assert.match(text(), /trial 2\/4 fit \| return 0\.0 \| loss -1\.50/);
});

test("anything else gets plain lines, one per trial", () => {
  const { stream, text } = screen(false);
  const display = createDisplay({ trials: 2, firstTrial: 1, firstEnvSteps: 200, stream });
  display.step({ phase: "act", trial: 1, step: 100, steps: 200, envSteps: 300, episodeReturn: 5 });
  display.trial(progress(1, 7));
  display.say("a sentence");
  display.stop();
  assert.match(
    text(),
    /^trial 2\/2: return 7\.0 in 200 steps, model loss -1\.50, 400 steps so far, .* left\na sentence\n$/,
  );
});

test("the curve as text: columns are trials, color only when asked", () => {
  const rising = Array.from({ length: 10 }, (_, i) => progress(i, i * 10));
  const lines = curveText(rising, false).split("\n");
  assert.match(lines[0] as string, /90\.00 .*[╭┤]/);
  assert.match(lines.at(-1) as string, /0\.00 ┼/);
  assert.ok(curveText(rising, true).includes("\u001b[32m"));
  assert.is(curveText(rising.slice(0, 1), false), "");
  assert.ok(curveText([progress(0, 5), progress(1, 5)], false).includes("5.00"));
  assert.ok(
    curveText(
      Array.from({ length: 1000 }, (_, i) => progress(i, i % 7)),
      false,
    ).split("\n")[0]!.length < 90,
  );
});

test("the curve as SVG holds its points", async () => {
  const svg = await curveSvg([progress(0, 1), progress(1, 3), progress(2, 2)], "a <title> & more");
  assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.ok(svg.includes("a &lt;title&gt; &amp; more"));
  assert.is(svg.match(/aria-roledescription="point"/g)?.length, 3);
});

test("the nearest name", () => {
  const known = ["CartPoleContinuous", "Pendulum-v1"];
  assert.is(nearest("pendulum", known), "Pendulum-v1");
  assert.is(nearest("cart-pole-continuous", known), "CartPoleContinuous");
  assert.is(nearest("Humanoid", known), undefined);
  assert.is(nearest("", known), undefined);
  assert.is(nearest("x".repeat(1e6), known), undefined);
});

test.run();
