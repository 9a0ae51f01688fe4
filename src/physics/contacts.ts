// Contacts of one environment, from the slots that an evaluation has listed (assembly/physics/constraint-model.ts).

import type { SlotPlaces } from "./contact-slots.js";
import { LEAST_FRICTION } from "./impedance.js";
import { ConstraintHeader } from "./layout-constraints.js";
import type { Lanes } from "./lanes.js";
import type { Model } from "./model.js";

/** A point where two geoms touch, or are so near that the file lets them have a contact. */
export interface Contact {
  readonly geom1: number;
  readonly geom2: number;
  /** 1: pushes along the normal. 3: with friction. */
  readonly dim: 1 | 3;
  /** Between the surfaces in metres; negative where they overlap. */
  readonly distance: number;
  /** [3], in the world, midway between the surfaces. */
  readonly position: Float64Array;
  /** [9]: by rows, in the world, the normal from the first geom to the second and two tangents. */
  readonly frame: Float64Array;
  /** Along the two tangents. */
  readonly friction: readonly [number, number];
  /** [3]: what the first geom does to the second, in newtons along the rows of the frame. */
  readonly force: Float64Array;
}

/** Contacts of environment b, in the order of the model's pairs of geoms. */
export function contactsOf({ layout, slots, compiled }: Model, evaluated: Lanes, b: number): Contact[] {
  const active = [...evaluated.list(b, layout.tables.header[ConstraintHeader.activeSlots])].map((s) => slots[s]);
  const order = (slot: SlotPlaces) => compiled.pairs.indexOf(slot.pair);
  return active
    .sort((a, c) => order(a) - order(c))
    .flatMap(({ pair, place, tree }) => {
      const [distance, px, py, pz, nx, ny, nz, tx, ty, tz, strength, sn, s1, s2] = evaluated.row(b, place, 14);
      if (!(distance < pair.margin + pair.gap)) return [];
      const [x, y, z] = evaluated.row(b, layout.trees[tree].origin, 3);
      const friction = pair.friction.map((mu) => Math.max(mu, LEAST_FRICTION)) as [number, number];
      const push = (row: number) => -strength * Math.min(0, row);
      const [a, c, d, e] = [sn + s1, sn - s1, sn + s2, sn - s2].map(push);
      const force =
        pair.condim === 1 ? [push(sn), 0, 0] : [a + c + d + e, friction[0] * (a - c), friction[1] * (d - e)];
      return {
        geom1: pair.geom1,
        geom2: pair.geom2,
        dim: pair.condim,
        distance,
        position: Float64Array.of(x + px, y + py, z + pz),
        frame: Float64Array.of(nx, ny, nz, tx, ty, tz, ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx),
        friction,
        force: Float64Array.from(force),
      };
    });
}
