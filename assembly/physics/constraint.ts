// The constrained acceleration: welds, contacts and limits near enough in some environment of the group, their rows, the solver.
// Groups without any pay for looking only.

import { collide } from "./collision";
import { ITERATIONS } from "./constraint-model";
import { load, store, zero } from "./lanes";
import { lane, NV, place, QACC, QACC_SMOOTH, QFRC_CONSTRAINT, word } from "./model";
import { contactRows, limitRows } from "./rows";
import { newton } from "./solver";
import { weldRows } from "./weld";

/** QACC and QFRC_CONSTRAINT from everything before them. */
export function constraint(m: usize, w: usize): void {
  const slots = collide(m, w);
  const limits = limitRows(m, w);
  const welds = weldRows(m, w);
  if (slots + limits + welds) {
    contactRows(m, w, slots);
    newton(m, w, slots, limits, welds);
    return;
  }
  const nv = word(m, NV);
  const qacc = place(w, m, QACC);
  const smooth = place(w, m, QACC_SMOOTH);
  const force = place(w, m, QFRC_CONSTRAINT);
  for (let i = 0; i < nv; ++i) {
    store(lane(qacc, i), load(lane(smooth, i)));
    store(lane(force, i), zero());
  }
  store(place(w, m, ITERATIONS), zero());
}
