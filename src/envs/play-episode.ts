// An episode that an agent plays, learning nothing: how good it is.

import type { Agent, Env } from "../types.js";

/** What became of an episode. */
export interface PlayedEpisode {
  /** Sum of its rewards. */
  readonly episodeReturn: number;
  /** Its steps. */
  readonly episodeLength: number;
  /** Did its last step reach the goal? Undefined without a goal. */
  readonly success?: boolean;
}

/** Plays one episode of `env` by `agent`, from a reset with `seed` or, without one, from where its random stream stands. */
export function playEpisode(agent: Agent, env: Env, seed?: number): PlayedEpisode {
  let { observation } = env.reset(seed === undefined ? {} : { seed });
  agent.reset();
  let episodeReturn = 0;
  for (let episodeLength = 1; ; episodeLength++) {
    const step = env.step(agent.act(observation));
    episodeReturn += step.reward;
    if (step.terminated || step.truncated) {
      const { isSuccess } = step.info;
      return { episodeReturn, episodeLength, ...(typeof isSuccess === "boolean" && { success: isSuccess }) };
    }
    observation = step.observation;
  }
}
