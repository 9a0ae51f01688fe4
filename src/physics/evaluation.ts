// Everything that follows from the present states, in a workspace for each group, which the first evaluation makes. The kernels
// evaluate a state once, however often it is read, and observe there what was not yet asked for.

import type { Lanes } from "./lanes.js";

/** What the kernels are to do with workspaces, told in the place of a number of steps. */
const EVALUATE = 0;
const OBSERVE = -1;

export class Evaluation {
  readonly #make: () => Lanes;
  readonly #run: (workspaces: Lanes, repeat: number, observe: number) => void;
  #workspaces: Lanes | undefined;
  // whether they are of the present states, and what was observed of them
  #fresh = false;
  #observed = 0;

  /** `make` gives the workspaces; `run` has the kernels evaluate (`repeat` 0) or only observe (−1) in them. */
  constructor(make: () => Lanes, run: (workspaces: Lanes, repeat: number, observe: number) => void) {
    this.#make = make;
    this.#run = run;
  }

  /** States or controls have changed. */
  stale(): void {
    this.#fresh = false;
  }

  /** The workspaces at the present states, with `what` observed, bits of `Observe`. */
  read(what: number): Lanes {
    this.#workspaces ??= this.#make();
    if (!this.#fresh) {
      this.#run(this.#workspaces, EVALUATE, what);
      this.#fresh = true;
      this.#observed = what;
    } else if (what & ~this.#observed) {
      this.#run(this.#workspaces, OBSERVE, what & ~this.#observed);
      this.#observed |= what;
    }
    return this.#workspaces;
  }
}
