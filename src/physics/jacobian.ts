// Jacobians of points on bodies, from the motion axes of the degrees of freedom on the way from the root to the body: an axis
// (ω, v) about the tree's origin o moves the point p by v + ω × (p − o).

import { chainOf } from "./constraint-jacobian.js";
import type { Lanes } from "./lanes.js";
import { Header } from "./layout.js";
import type { Model } from "./model.js";

/** Of the point `at` [3] (world) of a body in environment b. */
export function jacobianOf(
  { nv, compiled, layout }: Model,
  evaluated: Lanes,
  b: number,
  body: number,
  at: ArrayLike<number>,
): { linear: Float64Array; angular: Float64Array } {
  const linear = new Float64Array(3 * nv);
  const angular = new Float64Array(3 * nv);
  const { lowering, trees, chains, tables } = layout;
  const tree = lowering.links[lowering.bodyLink[body]].tree;
  const origin = evaluated.row(b, trees[tree].origin, 3);
  const [x, y, z] = [0, 1, 2].map((k) => at[k] - origin[k]);
  for (const dof of chainOf(compiled, chains, body)) {
    const [a, c, d, u, v, w] = evaluated.row(b, tables.header[Header.cdof] + 96 * dof, 6);
    const column = [u + c * z - d * y, v + d * x - a * z, w + a * y - c * x];
    [a, c, d].forEach((turn, k) => {
      angular[k * nv + dof] = turn;
      linear[k * nv + dof] = column[k];
    });
  }
  return { linear, angular };
}
