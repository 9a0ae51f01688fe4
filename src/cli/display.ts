// What a person sees while a run learns, on stderr: a bar on a terminal, a plain line per trial anywhere else.

import cliProgress from "cli-progress";
import type { Progress } from "../types.js";
import type { StepEvent } from "./algorithm.js";

export interface Display {
  step(event: StepEvent): void;
  trial(progress: Progress): void;
  /** A sentence of its own, above the bar if there is one. */
  say(sentence: string): void;
  stop(): void;
}

/** Where and what is shown. */
export interface DisplayOptions {
  /** Trials in all, and how many were done before this process started. */
  readonly trials: number;
  readonly firstTrial: number;
  readonly firstEnvSteps: number;
  readonly stream: NodeJS.WriteStream;
}

export function createDisplay(options: DisplayOptions): Display {
  return options.stream.isTTY ? terminal(options) : lines(options);
}

function lines(options: DisplayOptions): Display {
  const pace = new Pace(options);
  const say = (sentence: string) => void options.stream.write(`${sentence}\n`);
  return {
    step: (event) => pace.step(event),
    trial: (progress) => {
      pace.trial(progress);
      say(`${trialLine(progress, options.trials)}, ${pace.rate()} steps/s, ${pace.timeLeft()} left`);
    },
    say,
    stop: () => {},
  };
}

function terminal(options: DisplayOptions): Display {
  const { stream, trials } = options;
  const pace = new Pace(options);
  const format = "{bar} trial {trial}/{trials} {phase} | return {return} | loss {loss} | {rate} steps/s | {left} left";
  const bars = new cliProgress.MultiBar(
    { format, stream, barsize: 20, hideCursor: true, linewrap: false, clearOnComplete: true, gracefulExit: false },
    cliProgress.Presets.shades_classic,
  );
  const bar = bars.create(1, 0, { trial: 1, trials, phase: "", return: "–", loss: "–", rate: "–", left: "–" });
  let stopped = false;
  const say = (sentence: string) => {
    bars.log(`${sentence}\n`);
    bars.update();
  };
  return {
    step: (event) => {
      pace.step(event);
      bar.update(pace.fraction, {
        trial: Math.max(event.trial, 0) + 1,
        phase: event.phase,
        return: event.episodeReturn.toFixed(1),
        rate: pace.rate(),
        left: pace.timeLeft(),
      });
    },
    trial: (progress) => {
      pace.trial(progress);
      bar.update(pace.fraction, { loss: progress.modelLoss?.toPrecision(3) ?? "–", left: pace.timeLeft() });
      say(trialLine(progress, trials));
    },
    say,
    stop: () => {
      // stopping twice would clear what was printed since
      if (!stopped) bars.stop();
      stopped = true;
    },
  };
}

function trialLine(progress: Progress, trials: number): string {
  const { trial, episodeReturn, episodeLength, modelLoss, envSteps } = progress;
  // of runs on tasks with a goal
  const { successRate } = progress as Progress & { readonly successRate?: number | null };
  const reached = typeof successRate === "number" ? `, success ${(100 * successRate).toFixed(0)} %` : "";
  const loss = modelLoss === null ? "" : `, model loss ${modelLoss.toPrecision(3)}`;
  const figures = `return ${episodeReturn.toFixed(1)} in ${episodeLength} steps${reached}${loss}`;
  return `trial ${trial + 1}/${trials}: ${figures}, ${envSteps} steps so far`;
}

// how fast it goes and how long it will take, from what this process has done
class Pace {
  /** Done of the whole, 0 to 1. */
  fraction: number;
  readonly #trials: number;
  readonly #started = performance.now();
  readonly #startFraction: number;
  readonly #startSteps: number;
  #envSteps: number;

  constructor({ trials, firstTrial, firstEnvSteps }: DisplayOptions) {
    this.#trials = Math.max(trials, 1);
    this.fraction = firstTrial / this.#trials;
    this.#startFraction = this.fraction;
    this.#startSteps = firstEnvSteps;
    this.#envSteps = firstEnvSteps;
  }

  step({ phase, trial, step, steps, envSteps }: StepEvent): void {
    this.#envSteps = envSteps;
    if (phase === "act" || phase === "collect") this.fraction = Math.min(1, (trial + step / steps) / this.#trials);
  }

  trial({ trial, envSteps }: Progress): void {
    this.#envSteps = envSteps;
    this.fraction = (trial + 1) / this.#trials;
  }

  /** Environment steps per second. */
  rate(): string {
    const seconds = this.#seconds();
    return seconds > 0 ? ((this.#envSteps - this.#startSteps) / seconds).toFixed(0) : "–";
  }

  /** As minutes:seconds; "–" while too little is done to tell. */
  timeLeft(): string {
    const done = this.fraction - this.#startFraction;
    if (done < 0.02) return "–";
    const seconds = Math.round((this.#seconds() * (1 - this.fraction)) / done);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  #seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }
}
