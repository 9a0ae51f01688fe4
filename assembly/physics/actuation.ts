// Actuators: a force gain · ctrl + bias₀ + bias₁ · length + bias₂ · velocity on one joint, through a gear; length and
// velocity are those of the joint times the gear. Ranges that the file does not give are infinite.

import { load, madd, max, min, mul, store, zero } from "./lanes";
import {
  ACTUATOR_REAL_SIZE,
  ACTUATOR_REALS,
  ACTUATOR_SIZE,
  ACTUATOR_WORDS,
  CTRL,
  lane,
  NU,
  NV,
  place,
  QFRC_ACTUATOR,
  real,
  reals,
  record,
  word,
} from "./model";

/** qfrc_actuator. */
export function actuation(m: usize, w: usize): void {
  const nv = word(m, NV);
  const nu = word(m, NU);
  const out = place(w, m, QFRC_ACTUATOR);
  for (let i = 0; i < nv; ++i) store(lane(out, i), zero());
  const ctrl = place(w, m, CTRL);
  for (let i = 0; i < nu; ++i) {
    const actuator = record(m, ACTUATOR_WORDS, ACTUATOR_SIZE, i);
    const constants = reals(m, ACTUATOR_REALS, ACTUATOR_REAL_SIZE, i);
    const gear = real(constants, 0);
    const control = max(real(constants, 5), min(real(constants, 6), load(lane(ctrl, i))));
    const length = mul(gear, load(place(w, actuator, 0)));
    const velocity = mul(gear, load(place(w, actuator, 1)));
    const passive = madd(real(constants, 4), velocity, madd(real(constants, 3), length, real(constants, 2)));
    const force = madd(real(constants, 1), control, passive);
    const at = place(out, actuator, 2);
    store(at, madd(gear, max(real(constants, 7), min(real(constants, 8), force)), load(at)));
  }
}
