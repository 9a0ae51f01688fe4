// An algorithm that learns nothing, quickly: random numbers for returns, and a state in which every step leaves a mark. For
// tests of the command line. `pause` is how long a step takes, in milliseconds; `fail` lets step n throw.
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { checkInteger, TrainingDivergedError } from "../../src/check.js";
import type { Algorithm, StartOptions } from "../../src/cli/algorithm.js";
import { openContinuousEnv } from "../../src/cli/world.js";
import type { Box, Env, Progress, Run, SavedState } from "../../src/types.js";

const STEPS = 20;

interface State {
  trial: number;
  step: number;
  envSteps: number;
  mark: number;
  episodeReturn: number;
}

class FakeRun implements Run {
  readonly agent;
  readonly #env: Env;
  readonly #options: StartOptions;
  readonly #settings: { pause?: number; fail?: number };
  #state: State = { trial: 0, step: 0, envSteps: 0, mark: 0, episodeReturn: 0 };

  constructor(env: Env, options: StartOptions, settings: { pause?: number; fail?: number }) {
    this.#env = env;
    this.#options = options;
    this.#settings = settings;
    const size = (env.actionSpace as Box).low.length;
    this.agent = { act: () => new Float32Array(size), reset: () => {} };
    this.#state.mark = options.seed ?? 0;
    if (options.resume) {
      const { trial, step, envSteps, mark, episodeReturn } = options.resume.meta as unknown as State;
      this.#state = { trial, step, envSteps, mark, episodeReturn };
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Progress> {
    const { trials, signal, onStep } = this.#options;
    const state = this.#state;
    while (state.trial < trials) {
      while (state.step < STEPS) {
        await sleep(this.#settings.pause ?? 0);
        signal?.throwIfAborted();
        if (state.envSteps === this.#settings.fail) throw new TrainingDivergedError("fake", 1, state.envSteps, "loss");
        state.mark = (state.mark * 48271 + 11) % 2147483647;
        state.episodeReturn += (state.mark % 1000) / 1000;
        state.step++;
        state.envSteps++;
        onStep?.({ phase: "act", steps: STEPS, ...state });
      }
      const { trial, envSteps, episodeReturn } = state;
      Object.assign(state, { trial: trial + 1, step: 0, episodeReturn: 0 });
      const wallSeconds = envSteps / 1000;
      yield { algorithm: "fake", trial, envSteps, episodeReturn, episodeLength: STEPS, modelLoss: null, wallSeconds };
    }
  }

  save(): SavedState {
    const mark = { dtype: "f64" as const, shape: [1], data: Float64Array.of(this.#state.mark) };
    return { meta: { kind: "run", algorithm: "fake", env: this.#env.spec.id, ...this.#state }, arrays: { mark } };
  }

  dispose(): void {}
}

export const fakeAlgorithms: Readonly<Record<string, Algorithm>> = {
  fake: {
    description: "learns nothing, quickly",
    settings: {
      pause: v.number("a number"),
      fail: v.number("a number"),
      sizes: v.array(v.number("a list of numbers"), "a list of numbers"),
    },
    open: openContinuousEnv,
    start: (runtime, task, options, settings) => {
      const { pause, fail } = settings as { pause?: number; fail?: number };
      if (pause !== undefined) checkInteger("fake", "pause", pause, 0, 1000);
      const env = openContinuousEnv(runtime, task, options.seed ?? 0);
      return new FakeRun(env, options, { ...(pause && { pause }), ...(fail && { fail }) });
    },
  },
};
