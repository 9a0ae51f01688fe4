// The learning curve of a run: as SVG (drawn by vega without a browser) and as text for the terminal.

import { green, plot } from "asciichart";
import type { Progress } from "../types.js";

const WIDTH = 64;
const HEIGHT = 10;

/** Episode return over environment steps as an SVG document. */
export async function curveSvg(history: readonly Progress[], title: string): Promise<string> {
  // a second of loading that other commands need not pay for
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  const { spec } = compile({
    width: 480,
    height: 280,
    background: "white",
    title,
    data: { values: history.map(({ envSteps, episodeReturn }) => ({ envSteps, episodeReturn })) },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "envSteps", type: "quantitative", title: "environment steps" },
      y: { field: "episodeReturn", type: "quantitative", title: "episode return" },
    },
  });
  return new View(parse(spec), { renderer: "none" }).toSVG();
}

/** Episode return by trial as lines of text; "" before there are two trials. */
export function curveText(history: readonly Progress[], color: boolean): string {
  if (history.length < 2) return "";
  const columns = Math.min(WIDTH, Math.max(history.length, 2) * Math.max(1, Math.floor(WIDTH / history.length)));
  const series = Array.from({ length: columns }, (_, column) => {
    const trial = Math.floor((column * history.length) / columns);
    return (history[trial] as Progress).episodeReturn;
  });
  const colors = color ? { colors: [green] } : {};
  return plot(series, { height: HEIGHT, ...colors });
}
