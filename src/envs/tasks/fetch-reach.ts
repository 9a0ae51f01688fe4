// Reach as Gymnasium-Robotics' FetchReach has it (Plappert et al. 2018, "Multi-Goal Reinforcement Learning"), on an arm of our
// own: an action leads the gripper by up to 5 cm along x, y and z, for 20 steps of 2 ms; the fourth number, for the fingers,
// does nothing, as they are kept shut. The goal is uniform within 15 cm of where the grip begins, along each axis, and
// reached within 5 cm; episodes of 50 steps, never terminated. What planners see of the reward is exact.
//
// The interface is the published one: four numbers from −1 to 1, beyond which they are clipped; ten that are observed (place of the
// grip, of the fingers, velocities of both times the step), then achieved and desired goal; −1 unless reached. The arm is not
// theirs, nor is where it stands: numbers of the one mean nothing to the other.

import type { Box } from "../../types.js";
import { type BodyDefinition, bodies } from "../bodies.js";
import { distanceGoal } from "../goal.js";
import { box } from "../spaces.js";
import type { Task } from "../task.js";
import { xml } from "./xml/reach-arm.js";

/** Where the grip begins: the site of the file. */
const GRIP = [0.68, 0, 0.42];
/** Of the goal around it, in metres along each axis. */
const RANGE = 0.15;
/** Distance within which the goal is reached, in metres: assembly/envs/tasks.ts has the same. */
const WITHIN = 0.05;
/** Numbers of qpos and of qvel. */
const ARM = 9;

const body: BodyDefinition = {
  xml,
  frameSkip: 20,
  kept: GRIP.length,
  acts: 4,
  points: [{ site: "grip" }, { body: "gripper" }],
  // at rest as the file has it; the goal is what a copy keeps
  start(_, numbers) {
    const state = new Float64Array(2 * ARM + GRIP.length);
    GRIP.forEach((at, k) => {
      state[2 * ARM + k] = at + RANGE * (2 * numbers[k] - 1);
    });
    return state;
  },
};

export const fetchReach: Task<Box> = /* @__PURE__ */ Object.freeze({
  id: "FetchReach",
  number: 17,
  observationSpace: /* @__PURE__ */ box(-Infinity, Infinity, [16]),
  actionSpace: /* @__PURE__ */ box(-1, 1, [4]),
  maxEpisodeSteps: 50,
  timeStep: 0.04,
  angles: [],
  stateSize: 21,
  startSize: 3,
  clipsActions: true,
  goal: /* @__PURE__ */ distanceGoal({ observationSize: 10, goalSize: 3, within: WITHIN }),
  dynamics: /* @__PURE__ */ bodies(body),
} satisfies Task<Box>);

export const fetchReachDense: Task<Box> = /* @__PURE__ */ Object.freeze({
  ...fetchReach,
  id: "FetchReachDense",
  number: 18,
  goal: /* @__PURE__ */ distanceGoal({ observationSize: 10, goalSize: 3, within: WITHIN, dense: true }),
  dynamics: /* @__PURE__ */ bodies(body),
} satisfies Task<Box>);
