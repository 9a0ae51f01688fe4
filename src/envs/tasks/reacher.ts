// Gymnasium's Reacher-v5: move the tip of a planar arm to a target. reward = −distance − Σ a²; episodes of 50 steps, never
// terminated. What planners see of it is exact. The target is uniform in a disk of 0.2 m.
//
// As a task with a goal the target is the goal, out of what else is observed, so that another can be put in its place; the
// action costs nothing. It is reached within 2 cm, where fingertip (a ball of 1 cm) and target (0.9 cm) touch.

import type { Box } from "../../types.js";
import { type BodyDefinition, bodies } from "../bodies.js";
import { distanceGoal } from "../goal.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";

import { xml } from "./xml/reacher.js";

const RADIUS = 0.2;
/** Numbers of the arm: two angles, two velocities. */
const ARM = 4;
/** Places tried for the target: that none is in the disk has a chance of 4e-22. */
const TRIES = 32;

// angles in ±0.1, velocities in ±0.005; the target is the first of the places in the square that lies in the disk
function start(_: unknown, numbers: Float32Array): Float64Array {
  const state = new Float64Array(8);
  const within = (k: number, scale: number) => scale * (2 * numbers[k] - 1);
  for (let k = 0; k < 2; k++) state[k] = within(k, 0.1);
  for (let k = 0; k < 2; k++) state[4 + k] = within(2 + k, 0.005);
  for (let i = 0; i < TRIES; i++) {
    const [x, y] = [within(ARM + 2 * i, RADIUS), within(ARM + 2 * i + 1, RADIUS)];
    if (x * x + y * y >= RADIUS * RADIUS) continue;
    state[2] = x;
    state[3] = y;
    break;
  }
  return state;
}

const body: BodyDefinition = {
  xml,
  frameSkip: 2,
  points: [{ body: "fingertip" }, { body: "target" }],
  start,
};

export const reacher: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "Reacher-v5",
  number: 8,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [10]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [2]),
  maxEpisodeSteps: 50,
  timeStep: 0.02,
  angles: [],
  stateSize: 8,
  startSize: 68,
  clipsActions: true,
  dynamics: /* @__PURE__ */ bodies(body),
} satisfies Task<Box>);

/** Distance within which the target is reached, in metres: assembly/envs/tasks.ts has the same. */
const WITHIN = 0.02;

export const reacherGoal: Task<Box> = /* @__PURE__ */ Object.freeze({
  ...reacher,
  id: "ReacherGoal",
  number: 15,
  goal: /* @__PURE__ */ distanceGoal({ observationSize: 6, goalSize: 2, within: WITHIN }),
  dynamics: /* @__PURE__ */ bodies(body),
} satisfies Task<Box>);

export const reacherGoalDense: Task<Box> = /* @__PURE__ */ Object.freeze({
  ...reacher,
  id: "ReacherGoalDense",
  number: 16,
  goal: /* @__PURE__ */ distanceGoal({ observationSize: 6, goalSize: 2, within: WITHIN, dense: true }),
  dynamics: /* @__PURE__ */ bodies(body),
} satisfies Task<Box>);
