// Discrete tasks for planners, which search in boxes.

import { wrongKind } from "../check.js";
import type { Box, Discrete } from "../types.js";
import { box } from "./spaces.js";
import type { Task } from "./task.js";

/**
 * The same task with one real number as its action, which stands for the integer next to it: every choice is an equal part of
 * the box [start − ½, start + n − ½]. `makeEnv`, `trueDynamics`, planners and `pets` take it as it is, and snapshots of the two
 * are the same, so that a plan for this one can also be played on the discrete environment, rounded. Numbers outside the box
 * stand for the choice next to them.
 */
export function continuousActions(task: Task<Discrete>): Task<Box> {
  const { actionSpace } = task;
  if (actionSpace.kind !== "discrete") {
    wrongKind("continuousActions", "task.actionSpace", "a discrete space", "a box");
  }
  const { n, start } = actionSpace;
  return Object.freeze({ ...task, actionSpace: box([start - 0.5], [start + n - 0.5]), clipsActions: true });
}
