// `mbrl evaluate`: the agent of a checkpoint acts, learning nothing, in new episodes with seeds of their own.

import { playEpisode } from "../envs/index.js";
import { loadRuntime } from "../wasm/index.js";
import type { AlgorithmTable } from "./algorithm.js";
import { asUsage } from "./errors.js";
import { printJson, printText } from "./output.js";
import { loadRun } from "./saved-run.js";
import { findAlgorithm, findTask } from "./world.js";

export interface EvaluateOptions {
  readonly episodes: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Evaluates; returns the exit code. */
export async function evaluate(table: AlgorithmTable, checkpoint: string, options: EvaluateOptions): Promise<number> {
  const { episodes, seed, json } = options;
  const saved = await loadRun(checkpoint, (sentence) => void process.stderr.write(`mbrl: ${sentence}\n`));
  const algorithm = findAlgorithm(table, saved.algorithm);
  const runtime = await loadRuntime();
  const task = findTask(saved.env);
  const start = { trials: saved.trial, resume: saved.state };
  const run = await asUsage(() => algorithm.start(runtime, task, start, {}));
  const env = algorithm.open(runtime, task, seed);
  const returns: number[] = [];
  const successes: boolean[] = [];
  for (let episode = 0; episode < episodes; episode++) {
    const { episodeReturn, episodeLength, success } = playEpisode(run.agent, env, seed + episode);
    returns.push(episodeReturn);
    if (success !== undefined) successes.push(success);
    if (json)
      printJson({
        algorithm: saved.algorithm,
        env: task.id,
        episode,
        seed: seed + episode,
        episodeReturn,
        episodeLength,
        ...(success !== undefined && { success }),
      });
    else {
      const reached = success === undefined ? "" : success ? ", goal reached" : ", goal not reached";
      const number = `episode ${episode + 1}/${episodes}`;
      printText(`${number}: return ${episodeReturn.toFixed(1)} in ${episodeLength} steps${reached}`);
    }
  }
  if (!json) printText(summary(returns));
  if (!json && successes.length > 0) {
    printText(`goal reached at the end of ${successes.filter(Boolean).length} of ${successes.length} episodes`);
  }
  run.dispose();
  return 0;
}

function summary(returns: readonly number[]): string {
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const variance = returns.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / returns.length;
  const range = `from ${Math.min(...returns).toFixed(1)} to ${Math.max(...returns).toFixed(1)}`;
  return `return ${mean.toFixed(1)} ± ${Math.sqrt(variance).toFixed(1)} (mean ± standard deviation), ${range}`;
}
