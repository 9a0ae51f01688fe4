// Statistics of episodes under a fixed policy: what two simulators must agree on where single trajectories cannot be compared.
import type { Policy } from "./reference.js";
import type { Simulated, State } from "./simulated.js";

/** Of one episode; means are over its control steps. */
export interface EpisodeStatistics {
  /** Change of the first element of qpos. */
  readonly displacement: number;
  /** Mean of the sum of squared controls, as fractions of their range. */
  readonly effort: number;
  readonly contacts: number;
  readonly deepest: number;
  /** Least height of the center of mass. */
  readonly lowest: number;
  /** Root of the mean square of qvel. */
  readonly speed: number;
}

const LIMIT = 10;

function act({ W, skip }: Policy, { qpos, qvel }: State): number[] {
  const seen = [...Array.from(qpos).slice(skip), ...Array.from(qvel, (v) => Math.max(-LIMIT, Math.min(LIMIT, v)))];
  return W.map((row) => Math.tanh(seen.reduce((sum, x, i) => sum + row[i]! * x, 0)));
}

/** One episode from each initial state of the policy. */
export function episodes(simulated: Simulated, policy: Policy, frameSkip: number): EpisodeStatistics[] {
  const { low, high, inits, controlSteps } = policy;
  const sums = inits.map(() => ({ effort: 0, contacts: 0, squares: 0 }));
  const deepest = inits.map(() => 0);
  const lowest = inits.map(() => Number.POSITIVE_INFINITY);
  simulated.begin(inits);
  let states = simulated.states();
  const start = states.map(({ qpos }) => qpos[0]!);
  for (let t = 0; t < controlSteps; t++) {
    const actions = states.map((state) => act(policy, state));
    const ctrl = actions.map((row) => row.map((a, i) => (low[i]! + high[i]!) / 2 + (a * (high[i]! - low[i]!)) / 2));
    simulated.step(ctrl, frameSkip);
    states = simulated.states();
    for (const [b, { distances, height }] of simulated.glance().entries()) {
      const sum = sums[b]!;
      for (const a of actions[b]!) sum.effort += a * a;
      for (let i = 0; i < states[b]!.qvel.length; i++) sum.squares += states[b]!.qvel[i]! ** 2;
      sum.contacts += distances.length;
      deepest[b] = Math.max(deepest[b]!, ...distances.map((distance) => -distance));
      lowest[b] = Math.min(lowest[b]!, height);
    }
  }
  return states.map(({ qpos, qvel }, b) => ({
    displacement: qpos[0]! - start[b]!,
    effort: sums[b]!.effort / controlSteps,
    contacts: sums[b]!.contacts / controlSteps,
    deepest: deepest[b]!,
    lowest: lowest[b]!,
    speed: Math.sqrt(sums[b]!.squares / controlSteps / qvel.length),
  }));
}
