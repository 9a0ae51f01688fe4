import { MbrlError } from "../check.js";

/** A call that the state of an environment's episode does not allow: `reset` it first. */
export class EpisodeError extends MbrlError {
  constructor(message: string) {
    super("EPISODE", message);
  }
}
