// What a rollout knows of its particles, one row for each: P = E·Q particles of each of N sequences, those of a member
// together. All of it lies in linear memory; kernels move it on.

import type { RandomStream } from "../kernels/index.js";
import type { Scope, Tensor } from "../wasm/index.js";

/** E groups (members), N sequences, Q particles of a sequence in each group; D numbers of a state, A of an action. */
export interface ParticleSizes {
  readonly E: number;
  readonly N: number;
  readonly Q: number;
  readonly D: number;
  readonly A: number;
}

// rewards so far [rows], and 1 where the episode goes on [rows]
interface Sums {
  total: Tensor<"f64">;
  alive: Tensor<"u8">;
}

export class Particles {
  readonly rows: number;
  /** Actions [rows, A], rewards [rows] and ends [rows] of the step. */
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly ended: Tensor<"u8">;
  readonly #scope: Scope;
  readonly #sizes: ParticleSizes;
  // before even steps and before odd ones [rows, D]
  readonly #states: [Tensor, Tensor];
  readonly #sums: Sums;
  // made by the first deal
  #dealing: { readonly bits: Tensor<"u32">; readonly index: Tensor<"u32">; readonly other: Sums } | undefined;

  constructor(scope: Scope, sizes: ParticleSizes) {
    const { E, N, Q, D, A } = sizes;
    const rows = E * N * Q;
    this.#scope = scope;
    this.#sizes = sizes;
    this.rows = rows;
    this.action = scope.tensor([rows, A]);
    this.reward = scope.tensor([rows]);
    this.ended = scope.tensor([rows], "u8");
    const states = (): Tensor => scope.tensor([rows, D]);
    this.#states = [states(), states()];
    this.#sums = this.#makeSums();
  }

  /** States [rows, D] before step t, and where those after it go. */
  states(t: number): readonly [Tensor, Tensor] {
    const [even, odd] = this.#states;
    return t % 2 === 0 ? [even, odd] : [odd, even];
  }

  /** Rewards so far [rows]. */
  get total(): Tensor<"f64"> {
    return this.#sums.total;
  }

  /** 1 where the episode goes on [rows]. */
  get alive(): Tensor<"u8"> {
    return this.#sums.alive;
  }

  /** Adds the rewards of the step, and ends what has ended. */
  collect(): void {
    const { reward, ended, total, alive, rows } = this;
    const { kernels } = this.#scope.runtime;
    kernels.particle_rewards(total.address, alive.address, reward.address, ended.address, rows);
  }

  /** Before step t the particles of each sequence change places at random. */
  deal(random: RandomStream, t: number): void {
    const { E, N, Q, D } = this.#sizes;
    const { kernels } = this.#scope.runtime;
    const words = (): Tensor<"u32"> => this.#scope.tensor([this.rows], "u32");
    this.#dealing ??= { bits: words(), index: words(), other: this.#makeSums() };
    const { bits, index, other } = this.#dealing;
    const { total, alive } = other;
    const [state, spare] = this.states(t);
    random.bits(bits);
    kernels.particle_shuffle(index.address, bits.address, E, N, Q);
    kernels.rows_gather(spare.address, state.address, index.address, this.rows, D);
    const now = this.#sums;
    const from = [now.total.address, now.alive.address] as const;
    kernels.particle_reorder(total.address, alive.address, ...from, index.address, this.rows);
    this.#states.reverse();
    [now.total, other.total] = [total, now.total];
    [now.alive, other.alive] = [alive, now.alive];
  }

  #makeSums(): Sums {
    return { total: this.#scope.tensor([this.rows], "f64"), alive: this.#scope.tensor([this.rows], "u8") };
  }
}
