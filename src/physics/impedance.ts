// How soft a constraint is: the numbers of MuJoCo's solref and solimp (modeling, "Solver parameters") that no state changes, for the
// impedance and the reference acceleration that the kernels make of them (assembly/physics/constraint-model.ts, SOFT).

import type { CompiledModel, ContactPair } from "./compiled.js";

/** Bounds that MuJoCo puts on the impedance and its midpoint, on friction, and on what it divides by. */
const LEAST_IMPEDANCE = 1e-4;
const MOST_IMPEDANCE = 0.9999;
export const LEAST_FRICTION = 1e-5;
export const TINY = 1e-15;

/** What D divides imp / (1 − imp) by, at a contact. */
export function contactWeight(model: CompiledModel, { geom1, geom2, condim }: ContactPair, friction: number): number {
  const weight = (geom: number) => model.bodyInvweight0[2 * model.geomBody[geom]];
  const translation = weight(geom1) + weight(geom2);
  if (condim === 1) return translation;
  const square = friction * friction;
  return ((2 * square) / model.option.impratio) * translation * (1 + square);
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** The impedance's curve between its ends: 0 squares around the middle, 1 straight, 2 any power. */
export function curveOf(solimp: ArrayLike<number>): number {
  const power = Math.max(1, solimp[4]);
  return power === 1 ? 1 : power === 2 ? 0 : 2;
}

/** The reals of SOFT; `weight` is what D divides imp / (1 − imp) by. */
export function soft(
  { option }: CompiledModel,
  solref: ArrayLike<number>,
  solimp: ArrayLike<number>,
  weight: number,
): number[] {
  const least = clamp(solimp[0], LEAST_IMPEDANCE, MOST_IMPEDANCE);
  const most = clamp(solimp[1], LEAST_IMPEDANCE, MOST_IMPEDANCE);
  const width = Math.max(0, solimp[2]);
  const midpoint = clamp(solimp[3], LEAST_IMPEDANCE, MOST_IMPEDANCE);
  const power = Math.max(1, solimp[4]);
  const flat = least === most || width <= TINY;
  let [time, ratio] = [solref[0], solref[1]];
  let stiff = -time / Math.max(TINY, most * most);
  let damp = -ratio / Math.max(TINY, most);
  if (time > 0) {
    if (option.refsafe) time = Math.max(time, 2 * option.timestep);
    stiff = 1 / Math.max(TINY, most * most * time * time * ratio * ratio);
    damp = 2 / Math.max(TINY, most * time);
  }
  return [
    stiff,
    damp,
    1 / Math.max(TINY, weight),
    flat ? (least + most) / 2 : least,
    flat ? 0 : most - least,
    flat ? 1 : 1 / width,
    midpoint,
    1 / midpoint,
    1 / (1 - midpoint),
    power,
  ];
}
