// What the kernels of a task on rigid bodies know beyond the model: the words and points of assembly/envs/body.ts.

import type { Model } from "../physics/index.js";
import { spaceSize } from "./spaces.js";
import type { Task } from "./task.js";

/** A point that a task looks at: the origin of a body, or a site. */
export type BodyPoint = { readonly body: string } | { readonly site: string };

const WORDS = 4;
/** Three words and a gap, then three f64. */
const POINT_WORDS = 10;

/** The table of `task` on `model`: `drifts` leading elements of qpos, `kept` numbers besides the state, points. */
export function bodyTable(
  model: Model,
  task: Task,
  drifts: number,
  kept: number,
  points: readonly BodyPoint[],
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(WORDS + POINT_WORDS * points.length);
  words.set([drifts, spaceSize(task.observationSpace), kept]);
  points.forEach((point, i) => {
    const { rotation, position, origin, offset } = placesOf(model, point);
    const at = WORDS + POINT_WORDS * i;
    words.set([rotation, position, origin], at);
    words.set(new Uint32Array(Float64Array.from(offset).buffer), at + 4);
  });
  return words;
}

function placesOf(model: Model, point: BodyPoint) {
  const { compiled, layout } = model;
  const { bodyLink, bodyPosition, bodyRotation, links } = layout.lowering;
  const site = "site" in point ? model.site(point.site) : -1;
  const body = "body" in point ? model.body(point.body) : compiled.siteBody[site];
  const link = bodyLink[body];
  const { rotation, position } = layout.links[link];
  const { origin } = layout.trees[links[link].tree];
  const own = site < 0 ? [0, 0, 0] : compiled.sitePos.subarray(3 * site, 3 * site + 3);
  const R = bodyRotation[body];
  const offset = bodyPosition[body].map(
    (x, k) => x + R[3 * k] * own[0] + R[3 * k + 1] * own[1] + R[3 * k + 2] * own[2],
  );
  return { rotation, position, origin, offset };
}
