// A region that is run again and again: its arguments lie in a table of 32-bit words, made once.

import type { Runtime, Scope } from "./runtime.js";
import type { TaskKind } from "./tasks.js";
import type { Tensor } from "./tensor.js";

/** Tasks of one kind that the threads of a runtime share. @internal */
export class Region {
  readonly kind: TaskKind;
  /** The arguments. */
  readonly words: Tensor<"u32">;
  readonly #runtime: Runtime;

  /** A region of `kind` with room for `size` words. */
  constructor(scope: Scope, kind: TaskKind, size: number) {
    this.#runtime = scope.runtime;
    this.kind = kind;
    this.words = scope.tensor([size], "u32");
  }

  /** Runs `tasks` tasks, or those from `first` on, with `words` as the first arguments. */
  run(words: readonly number[], tasks: number, first = 0): void {
    this.words.view.set(words);
    this.#runtime.runTasks(this.kind, this.words.address, first, tasks);
  }
}
