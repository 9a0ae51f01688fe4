// All built-in tasks, for the command line, which looks them up by name. Other code imports the task it wants.

import type { Task } from "../task.js";
import { acrobot } from "./acrobot.js";
import { cartPole } from "./cartpole.js";
import { cartPoleContinuous } from "./cartpole-continuous.js";
import { mountainCarContinuous } from "./mountain-car-continuous.js";
import { pendulum } from "./pendulum.js";

export const tasks: readonly Task[] = [cartPoleContinuous, pendulum, acrobot, mountainCarContinuous, cartPole];
