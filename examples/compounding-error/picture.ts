// The comparison as an animated SVG, by SMIL: pendulums that swing in step with the real one behind them, and below them the
// errors by horizon with a mark that goes along. No script, no style sheet, nothing to load.

import { type Comparison, D, medianWindow } from "./measure.js";

const PANEL = 190;
const ROD = 62;
const CHART = { left: 58, top: 232, width: 4 * PANEL - 84, height: 190 };
const HEIGHT = CHART.top + CHART.height + 62;
/** Of a pass through the window; the task's time step is 0.05 s, so this is half its pace. */
const SECONDS_PER_STEP = 0.1;
const LOWEST = 1e-3;
const HIGHEST = 3;

const round = (value: number): string => String(Math.round(10 * value) / 10);

/** Where the tip of a rod is that is observed as [cos θ, sin θ]; a prediction need not be a rod of length 1. */
function tips(predicted: readonly Float32Array[], window: number): { x: number; y: number }[] {
  return predicted.map((rows) => ({ x: -ROD * rows[D * window + 1], y: -ROD * rows[D * window] }));
}

function animate(attribute: string, values: readonly number[]): string {
  const [all, seconds] = [values.map(round).join(";"), round(SECONDS_PER_STEP * (values.length - 1))];
  return `<animate attributeName="${attribute}" values="${all}" dur="${seconds}s" repeatCount="indefinite"/>`;
}

function rod(predicted: readonly Float32Array[], window: number, color: string): string {
  const at = tips(predicted, window);
  const [xs, ys] = [at.map(({ x }) => x), at.map(({ y }) => y)];
  const line = `<line stroke="${color}" stroke-width="7" stroke-linecap="round">${animate("x2", xs)}${animate("y2", ys)}</line>`;
  return `${line}<circle r="9" fill="${color}">${animate("cx", xs)}${animate("cy", ys)}</circle>`;
}

function text(x: number, y: number, words: string, more = ""): string {
  return `<text x="${round(x)}" y="${round(y)}"${more}>${words}</text>`;
}

interface Line {
  readonly name: string;
  readonly color: string;
  readonly dashed?: boolean;
  readonly errors: readonly number[];
}

// errors by horizon, on a logarithmic scale, and the mark
function chart(lines: readonly Line[], horizon: number): string {
  const { left, top, width, height } = CHART;
  const x = (k: number): number => left + (width * k) / horizon;
  const y = (error: number): number =>
    top + height * (1 - Math.log(Math.max(LOWEST, error) / LOWEST) / Math.log(HIGHEST / LOWEST));
  const parts: string[] = [];
  for (const tick of [0.001, 0.01, 0.1, 1]) {
    const at = round(y(tick));
    parts.push(`<path d="M${left} ${at}H${left + width}" stroke="#ddd"/>`);
    parts.push(text(left - 6, y(tick) + 4, String(tick), ' text-anchor="end"'));
  }
  for (let k = 0; k <= horizon; k += 10) parts.push(text(x(k), top + height + 16, String(k), ' text-anchor="middle"'));
  parts.push(text(left + width / 2, top + height + 32, "steps", ' text-anchor="middle"'));
  parts.push(text(left, top - 10, "root mean square error, in standard deviations"));
  for (const [i, { name, color, dashed, errors }] of lines.entries()) {
    const points = errors.slice(1).map((error, k) => `${round(x(k + 1))} ${round(y(error))}`);
    const dash = dashed ? ' stroke-dasharray="5 4"' : "";
    parts.push(`<path d="M${points.join("L")}" fill="none" stroke="${color}" stroke-width="2"${dash}/>`);
    const [lx, ly] = [left + (i % 2) * (width / 2), top + height + 42 + 14 * Math.floor(i / 2)];
    parts.push(
      `<path d="M${lx} ${ly + 5}h24" stroke="${color}" stroke-width="2"${dash}/>`,
      text(lx + 30, ly + 9, name),
    );
  }
  const marks = Array.from({ length: horizon + 1 }, (_, k) => x(k));
  const mark = `<line y1="${top}" y2="${top + height}" stroke="#888">${animate("x1", marks)}${animate("x2", marks)}</line>`;
  return parts.join("\n") + mark;
}

/** The whole picture. */
export function picture(comparison: Comparison): string {
  const { windows, models, sizes } = comparison;
  const [one, several] = models;
  const window = medianWindow(comparison);
  const plural = `${several.loss} steps`;
  const panels = [
    { title: "the real pendulum", under: "", color: "#444", rows: windows.observations },
    {
      title: "learned from 1 step",
      under: "told the truth at every step",
      color: "#2a78b8",
      rows: one.predictions.anchored,
    },
    { title: "learned from 1 step", under: "open loop", color: "#c8442c", rows: one.predictions.openLoop },
    { title: `learned from ${plural}`, under: "open loop", color: "#2e8b57", rows: several.predictions.openLoop },
  ];
  const drawn = panels.map(({ title, under, color, rows }, i) => {
    const real = i === 0 ? `<g id="real">${rod(rows, window, "#444")}</g>` : `<use href="#real" opacity="0.18"/>`;
    const own = i === 0 ? "" : rod(rows, window, color);
    const center = ' text-anchor="middle"';
    const words = `${text(0, -96, title, `${center} font-weight="bold"`)}${text(0, -81, under, center)}`;
    return `<g transform="translate(${PANEL * (i + 0.5)} 112)">${words}${real}${own}<circle r="3" fill="#fff"/></g>`;
  });
  const lines: Line[] = [
    { name: "learned from 1 step, open loop", color: "#c8442c", errors: one.errors.openLoop },
    { name: `learned from ${plural}, open loop`, color: "#2e8b57", errors: several.errors.openLoop },
    { name: "learned from 1 step, told the truth", color: "#2a78b8", dashed: true, errors: one.errors.anchored },
    { name: `learned from ${plural}, told the truth`, color: "#6fa287", dashed: true, errors: several.errors.anchored },
  ];
  const width = 4 * PANEL;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">
<title>A learned model of the pendulum beside the real one: told the truth at every step it stays with it, open loop it does not</title>
<rect width="${width}" height="${HEIGHT}" fill="#fff"/>
${drawn.join("\n")}
${chart(lines, sizes.horizon)}
</svg>
`;
}
