// The constrained acceleration.

import { load, store, zero } from "./lanes";
import { lane, NV, place, QACC, QACC_SMOOTH, QFRC_CONSTRAINT, word } from "./model";

export function constraint(m: usize, w: usize): void {
  const nv = word(m, NV);
  const qacc = place(w, m, QACC);
  const smooth = place(w, m, QACC_SMOOTH);
  const force = place(w, m, QFRC_CONSTRAINT);
  for (let i = 0; i < nv; ++i) {
    store(lane(qacc, i), load(lane(smooth, i)));
    store(lane(force, i), zero());
  }
}
