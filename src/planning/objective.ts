// How the returns that the members of an ensemble predict for one action sequence become the number that planners maximize:
// mean + k·std over the members. A rollout through an ensemble takes the k as its `risk`.

import { checkNumber } from "../check.js";

/** Weight k of the standard deviation over members; 0 is the mean, as PETS has it. */
export type Objective = number;

/** mean − k·std: keeps away from where the members disagree. `k` of at least 0. */
export function pessimistic(k: number): Objective {
  return -checkNumber("pessimistic", "k", k, 0);
}

/** mean + k·std: seeks out where the members disagree, an exploration bonus. `k` of at least 0. */
export function optimistic(k: number): Objective {
  return checkNumber("optimistic", "k", k, 0);
}
