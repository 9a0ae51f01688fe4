import { MbrlError } from "../check.js";

/**
 * The state of a simulated body left the numbers (a position, velocity or acceleration beyond 1e10, or none at all) in the
 * middle of an episode, which has ended with it: `reset` starts the next one. In a batch the other environments have made
 * their step.
 */
export class DivergedError extends MbrlError {
  /** Degree of freedom whose numbers were the first to go. */
  readonly freedom: number;
  /** Its number and name, as the message has them. */
  readonly freedomName: string;
  /** Simulated time in seconds at which the step began that led there. */
  readonly time: number;
  /** Numbers of the environments of the batch that diverged in this step; the rest of the error is about the first. */
  readonly environments: readonly number[];
  constructor(op: string, env: string, freedom: number, name: string, time: number, environments: readonly number[]) {
    const when = `after ${Number(time.toFixed(6))} s`;
    super(
      "DIVERGED",
      `${op}: ${env} diverged at degree of freedom ${name} ${when}; its episode has ended, call reset()`,
    );
    this.freedom = freedom;
    this.freedomName = name;
    this.time = time;
    this.environments = environments;
  }
}
