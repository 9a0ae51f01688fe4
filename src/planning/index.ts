// Planners: search for good action sequences, and the loop that acts on them.

export { cem, type CemOptions } from "./cem.js";
export { icem, type IcemOptions } from "./icem.js";
export { mpc, type MpcAgent, type MpcOptions } from "./mpc.js";
export { mppi, type MppiOptions } from "./mppi.js";
export { type Objective, optimistic, pessimistic } from "./objective.js";
export { type Planner, type PlannerOptions, PlanningError } from "./planner.js";
export { randomShooting } from "./random-shooting.js";
