// Level 8: statistics of episodes under a fixed policy, from the same starts on both simulators. Their means may differ by 2 %.
// Bodies in contact are chaotic: MuJoCo with its state rounded soon goes another way than MuJoCo, and the means over episodes
// are no nearer than chance allows. That chance, never the simulator's own scatter, may raise the gate: CHANCE standard errors of
// the mean difference of rounded MuJoCo from MuJoCo. It falls with the root of the number of episodes.
import type { EpisodeStatistics } from "./episodes.js";
import { exact, type Ledger } from "./ledger.js";
import { kolmogorovSmirnov, mean, standardError } from "./statistics.js";

/** Standard errors that means of chaotic episodes may be apart. */
export const CHANCE = 4;
/** The fraction by which means may differ in any case. */
export const WITHIN = 0.02;

/** Episodes from the same starts: of the simulator, of MuJoCo, and of MuJoCo rounded to the simulator's precision. */
export interface Played {
  readonly ours: readonly EpisodeStatistics[];
  readonly theirs: readonly EpisodeStatistics[];
  readonly rounded: readonly EpisodeStatistics[];
}

/** `tests`: how many Kolmogorov-Smirnov tests share the chance of one false alarm in a hundred. */
export function distribution(ledger: Ledger, { ours, theirs, rounded }: Played, tests: number): void {
  for (const name of Object.keys(theirs[0]!) as (keyof EpisodeStatistics)[]) {
    const of = (list: readonly EpisodeStatistics[]) => list.map((statistics) => statistics[name]);
    const expected = of(theirs);
    // relative to the mean size, because the mean of a displacement may be nothing
    const scale = Math.max(1e-6, mean(expected.map(Math.abs)));
    const differences = (list: readonly EpisodeStatistics[]) => of(list).map((x, e) => (x - expected[e]!) / scale);
    const size = (list: readonly EpisodeStatistics[]) => [Math.abs(mean(differences(list)))];
    const floor = exact(CHANCE * standardError(differences(rounded)));
    const quantity = `mean of ${name}, ${expected.length} episodes`;
    ledger.add("8", quantity, exact(WITHIN), size(ours), size(rounded), floor);
    const p = kolmogorovSmirnov(of(ours), expected, 1e-6 * scale);
    ledger.add("8", "Kolmogorov-Smirnov: 0.01 / tests / p", exact(1), [0.01 / tests / p]);
  }
}
