// Float64 twins of the rewards for planners that have gradients, over numbers that remember how they were made.

import { add, atan2, clip, mul, type Num, num, scale, shift, sqrt, square, sub, sum } from "./tape.js";

type Reward = (observation: readonly Num[], action: readonly Num[], next: readonly Num[]) => Num;

const effort = (action: readonly Num[], cost: number): Num => scale(sum(action.map(square)), cost);

// v − cost · Σ a², v the mean of a velocity before and after the step
const runner =
  (vx: number, cost: number): Reward =>
  (observation, action, next) =>
    sub(scale(add(observation[vx], next[vx]), 0.5), effort(action, cost));

const healthy = (reward: Reward, isHealthy: (next: readonly number[]) => boolean): Reward => {
  return (observation, action, next) =>
    shift(reward(observation, action, next), isHealthy(next.map(({ value }) => value)) ? 1 : 0);
};

/** By the id of the task. */
export const rewards: Readonly<Record<string, Reward>> = {
  "Pendulum-v1": ([c, s, speed], [torque]) => {
    const angle = atan2(s, c);
    return scale(sum([square(angle), scale(square(speed), 0.1), scale(square(clip(torque, -2, 2)), 0.001)]), -1);
  },
  "MountainCarContinuous-v0": (_, [force], [position, velocity]) =>
    shift(scale(square(force), -0.1), position.value >= Math.fround(0.45) && velocity.value >= 0 ? 100 : 0),
  "InvertedDoublePendulum-v5": (_, __, [cart, s1, s2, c1, c2, , v1, v2]) => {
    const x = add(cart, scale(add(s1, add(mul(s1, c2), mul(c1, s2))), 0.6));
    const y = scale(add(c1, sub(mul(c1, c2), mul(s1, s2))), 0.6);
    const penalties = [scale(square(x), 0.01), square(shift(y, -2)), scale(square(v1), 1e-3), scale(square(v2), 5e-3)];
    return sub(num(y.value > 1 ? 10 : 0), sum(penalties));
  },
  "Reacher-v5": (_, action, next) => scale(add(sqrt(add(square(next[8]), square(next[9]))), effort(action, 1)), -1),
  ReacherGoalDense: (_, __, next) => scale(sqrt(add(square(sub(next[6], next[8])), square(sub(next[7], next[9])))), -1),
  FetchReachDense: (_, __, next) => scale(sqrt(sum([0, 1, 2].map((k) => square(sub(next[10 + k], next[13 + k]))))), -1),
  "Swimmer-v5": runner(3, 1e-4),
  "Hopper-v5": healthy(
    runner(5, 1e-3),
    ([z, tilt, ...rest]) => z > 0.7 && Math.abs(tilt) < 0.2 && rest.every((x) => Math.abs(x) < 100),
  ),
  "HalfCheetah-v5": runner(8, 0.1),
  HalfCheetahPets: (_, action, [v]) => sub(v, effort(action, 0.1)),
  "Walker2d-v5": healthy(runner(8, 1e-3), ([z, tilt]) => z > 0.8 && z < 2 && Math.abs(tilt) < 1),
  "Ant-v5": healthy(
    (observation, action, next) =>
      sub(runner(13, 0.5)(observation, action, next), scale(sum(next.slice(27).map(square)), 5e-4)),
    ([z]) => z >= 0.2 && z <= 1,
  ),
};
