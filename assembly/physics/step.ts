// A step of one group of environments, as a table of contents. A lane whose numbers leave what MuJoCo accepts stands still
// from then on, with the first degree of freedom at fault noted; its neighbours are not touched.

import { actuation } from "./actuation";
import { bias } from "./bias";
import { constraint } from "./constraint";
import { factor, solve } from "./factor";
import { composites, inertias, mass } from "./inertia";
import { advancePosition, advanceVelocity, dampedAcceleration } from "./integrate";
import { kinematics } from "./kinematics";
import { abs, add, and, any, count, le, load, lt, madd, mul, not, or, select, splat, store, sub, zero } from "./lanes";
import {
  DIVERGED,
  FACTOR,
  INTEGRATOR,
  JOINT_SIZE,
  JOINT_WORDS,
  JOINTS,
  lane,
  MASS,
  MASS_PATTERN,
  MASS_SIZE,
  NQ,
  NV,
  OPTION_REALS,
  place,
  QACC,
  QACC_SMOOTH,
  QFRC_ACTUATOR,
  QFRC_BIAS,
  QFRC_PASSIVE,
  QFRC_SMOOTH,
  QPOS,
  QVEL,
  real,
  record,
  START_QPOS,
  START_QVEL,
  STEPS,
  SUM_QACC,
  SUM_QVEL,
  TIMESTEP,
  word,
} from "./model";
import { passive } from "./passive";

/** Largest magnitude of a position, velocity or acceleration, as MuJoCo has it. */
const LARGEST: f64 = 1e10;

/** Everything that follows from (qpos, qvel, ctrl), to qacc. */
export function forward(m: usize, w: usize): void {
  kinematics(m, w);
  inertias(m, w);
  bias(m, w);
  composites(m, w);
  mass(m, w);
  passive(m, w);
  actuation(m, w);
  smooth(m, w);
  constraint(m, w);
}

// acceleration without constraints
function smooth(m: usize, w: usize): void {
  const nv = word(m, NV);
  const passives = place(w, m, QFRC_PASSIVE);
  const actuators = place(w, m, QFRC_ACTUATOR);
  const biases = place(w, m, QFRC_BIAS);
  const force = place(w, m, QFRC_SMOOTH);
  const qacc = place(w, m, QACC_SMOOTH);
  for (let i = 0; i < nv; ++i) {
    const sum = sub(add(load(lane(passives, i)), load(lane(actuators, i))), load(lane(biases, i)));
    store(lane(force, i), sum);
    store(lane(qacc, i), sum);
  }
  const M = place(w, m, MASS);
  const L = place(w, m, FACTOR);
  const size = word(m, MASS_SIZE);
  for (let k = 0; k < size; ++k) store(lane(L, k), load(lane(M, k)));
  const pattern = place(m, m, MASS_PATTERN);
  factor(m, pattern, L, nv);
  solve(m, pattern, L, qacc, nv);
}

/** One step of the timestep. */
export function step(m: usize, w: usize): void {
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  const nq = word(m, NQ);
  const nv = word(m, NV);
  const startQpos = place(w, m, START_QPOS);
  const startQvel = place(w, m, START_QVEL);
  for (let k = 0; k < nq; ++k) store(lane(startQpos, k), load(lane(qpos, k)));
  for (let k = 0; k < nv; ++k) store(lane(startQvel, k), load(lane(qvel, k)));
  const h = real(place(m, m, OPTION_REALS), TIMESTEP);
  forward(m, w);
  const qacc = place(w, m, QACC);
  if (word(m, INTEGRATOR) == 2) rungeKutta(m, w, h);
  else {
    const acceleration = word(m, INTEGRATOR) ? dampedAcceleration(m, w) : qacc;
    advanceVelocity(m, qvel, qvel, acceleration, h);
    advancePosition(m, qpos, qpos, qvel, h);
  }
  settle(m, w);
}

// Forward evaluations at the start, twice in the middle, and at the end; each from the start along the last one's rates.
function rungeKutta(m: usize, w: usize, h: v128): void {
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  const qacc = place(w, m, QACC);
  const startQpos = place(w, m, START_QPOS);
  const startQvel = place(w, m, START_QVEL);
  const sumQvel = place(w, m, SUM_QVEL);
  const sumQacc = place(w, m, SUM_QACC);
  const nv = word(m, NV);
  for (let i = 0; i < nv; ++i) {
    store(lane(sumQvel, i), load(lane(qvel, i)));
    store(lane(sumQacc, i), load(lane(qacc, i)));
  }
  for (let stage = 1; stage < 4; ++stage) {
    const reach = stage == 3 ? h : mul(h, splat(0.5));
    advancePosition(m, qpos, startQpos, qvel, reach);
    advanceVelocity(m, qvel, startQvel, qacc, reach);
    forward(m, w);
    const weight = splat(stage == 3 ? 1 : 2);
    for (let i = 0; i < nv; ++i) {
      store(lane(sumQvel, i), madd(weight, load(lane(qvel, i)), load(lane(sumQvel, i))));
      store(lane(sumQacc, i), madd(weight, load(lane(qacc, i)), load(lane(sumQacc, i))));
    }
  }
  const sixth = mul(h, splat(1 / 6.0));
  advancePosition(m, qpos, startQpos, sumQvel, sixth);
  advanceVelocity(m, qvel, startQvel, sumQacc, sixth);
}

// keeps the new state where it is sound, and counts the step
function settle(m: usize, w: usize): void {
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  const qacc = place(w, m, QACC);
  const nq = word(m, NQ);
  const nv = word(m, NV);
  const at = place(w, m, DIVERGED);
  const before = load(at);
  const limit = splat(LARGEST);
  // the sum of magnitudes is sound only if each is
  let sum = zero();
  for (let k = 0; k < nq; ++k) sum = add(sum, abs(load(lane(qpos, k))));
  for (let i = 0; i < nv; ++i) sum = add(sum, add(abs(load(lane(qvel, i))), abs(load(lane(qacc, i)))));
  const going = lt(before, zero());
  let sound = and(going, lt(sum, limit));
  if (any(not(sound))) {
    blame(m, w, going);
    sound = lt(load(at), zero());
    const startQpos = place(w, m, START_QPOS);
    const startQvel = place(w, m, START_QVEL);
    for (let k = 0; k < nq; ++k) store(lane(qpos, k), select(load(lane(qpos, k)), load(lane(startQpos, k)), sound));
    for (let i = 0; i < nv; ++i) store(lane(qvel, i), select(load(lane(qvel, i)), load(lane(startQvel, i)), sound));
  }
  const steps = place(w, m, STEPS);
  store(steps, count(load(steps), sound));
}

// the first degree of freedom whose position, velocity or acceleration is no number or too large
function blame(m: usize, w: usize, going: v128): void {
  const limit = splat(LARGEST);
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  const qacc = place(w, m, QACC);
  const at = place(w, m, DIVERGED);
  const joints = word(m, JOINTS);
  for (let j = joints - 1; j >= 0; --j) {
    const joint = record(m, JOINT_WORDS, JOINT_SIZE, j);
    const q = place(qpos, joint, 1);
    const first = word(joint, 2) >> 4;
    const free = word(joint, 0) == 0;
    const size = free ? 6 : 1;
    for (let k = size - 1; k >= 0; --k) {
      let fault = not(le(abs(load(lane(qvel, first + k))), limit));
      fault = or(fault, not(le(abs(load(lane(qacc, first + k))), limit)));
      fault = or(fault, not(le(abs(load(lane(q, k))), limit)));
      if (free && k == 5) fault = or(fault, not(le(abs(load(lane(q, 6))), limit)));
      store(at, select(splat(first + k), load(at), and(going, fault)));
    }
  }
}
