// Environments: spaces, one and many, checks, wrappers, the true dynamics for planners, tasks.

export { batchEnvs } from "./batch-envs.js";
export { checkEnv, EnvContractError } from "./check-env.js";
export { continuousActions } from "./continuous-actions.js";
export { makeEnv, type TaskEnv } from "./env.js";
export { DivergedError } from "./diverged-error.js";
export { EpisodeError } from "./episode-error.js";
export {
  checkedGoal,
  desiredDims,
  distanceGoal,
  type DistanceGoalOptions,
  flattenGoal,
  goalColumns,
  type GoalObservation,
  goalObservation,
  goalReward,
  goalSuccess,
} from "./goal.js";
export { ObservedDynamics, observedDynamics } from "./observed-dynamics.js";
export { type PlayedEpisode, playEpisode } from "./play-episode.js";
export { createSampler, type Sampler } from "./sampler.js";
export { batchBox, box, contains, discrete, spaceSize } from "./spaces.js";
export type { Task } from "./task.js";
export { acrobot } from "./tasks/acrobot.js";
export { ant } from "./tasks/ant.js";
export { cartPole } from "./tasks/cartpole.js";
export { cartPoleContinuous } from "./tasks/cartpole-continuous.js";
export { fetchReach, fetchReachDense } from "./tasks/fetch-reach.js";
export { halfCheetah, halfCheetahPets } from "./tasks/half-cheetah.js";
export { hopper } from "./tasks/hopper.js";
export { invertedDoublePendulum } from "./tasks/inverted-double-pendulum.js";
export { invertedPendulum } from "./tasks/inverted-pendulum.js";
export { mountainCarContinuous } from "./tasks/mountain-car-continuous.js";
export { pendulum } from "./tasks/pendulum.js";
export { reacher, reacherGoal, reacherGoalDense } from "./tasks/reacher.js";
export { swimmer } from "./tasks/swimmer.js";
export { walker2d } from "./tasks/walker2d.js";
export { trueDynamics, type TrueDynamics } from "./true-dynamics.js";
export {
  type Autoreset,
  makeVectorEnv,
  type TaskVectorEnv,
  type VectorEnv,
  type VectorEnvOptions,
  type VectorStep,
} from "./vector-env.js";
export { timeLimit } from "./wrappers.js";
