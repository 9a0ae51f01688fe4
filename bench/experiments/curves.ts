// Learning curves of several seeds as one SVG: return against environment steps, a line for each seed.

import { compile } from "vega-lite";
import { parse, View } from "vega";
import type { Progress } from "../../src/index.js";

/** One SVG for the logs of seeds. */
export async function curvesSvg(title: string, logs: ReadonlyMap<number, readonly Progress[]>): Promise<string> {
  const values = [...logs].flatMap(([seed, log]) =>
    log.map(({ envSteps, episodeReturn }) => ({ seed: String(seed), envSteps, episodeReturn })),
  );
  const { spec } = compile({
    title,
    width: 480,
    height: 280,
    data: { values },
    mark: { type: "line", point: { size: 12 }, strokeWidth: 1.2 },
    encoding: {
      x: { field: "envSteps", type: "quantitative", title: "environment steps" },
      y: { field: "episodeReturn", type: "quantitative", title: "episode return" },
      color: { field: "seed", type: "nominal", sort: null },
    },
    config: { background: "white" },
  });
  const view = new View(parse(spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
