// All built-in tasks, for the command line, which looks them up by name. Other code imports the task it wants.

import type { Task } from "../task.js";
import { acrobot } from "./acrobot.js";
import { ant } from "./ant.js";
import { cartPole } from "./cartpole.js";
import { cartPoleContinuous } from "./cartpole-continuous.js";
import { fetchReach, fetchReachDense } from "./fetch-reach.js";
import { halfCheetah, halfCheetahPets } from "./half-cheetah.js";
import { hopper } from "./hopper.js";
import { invertedDoublePendulum } from "./inverted-double-pendulum.js";
import { invertedPendulum } from "./inverted-pendulum.js";
import { mountainCarContinuous } from "./mountain-car-continuous.js";
import { pendulum } from "./pendulum.js";
import { reacher, reacherGoal, reacherGoalDense } from "./reacher.js";
import { swimmer } from "./swimmer.js";
import { walker2d } from "./walker2d.js";

export const tasks: readonly Task[] = [
  cartPoleContinuous,
  pendulum,
  acrobot,
  mountainCarContinuous,
  cartPole,
  invertedPendulum,
  invertedDoublePendulum,
  reacher,
  swimmer,
  hopper,
  halfCheetah,
  halfCheetahPets,
  walker2d,
  ant,
  reacherGoal,
  reacherGoalDense,
  fetchReach,
  fetchReachDense,
];
