// Float64 twin of value expansion: the candidates of one row and the rules that make one target of them.

export interface ExpandedRow {
  readonly reward: number;
  readonly terminated: boolean;
  /** Values of where the real transition led, [k]. */
  readonly value: readonly number[];
  /** Of each member e, its steps h = 1 … H. */
  readonly members: readonly (readonly ImaginedStep[])[];
}

export interface ImaginedStep {
  readonly reward: number;
  /** Probability to go on. */
  readonly goes: number;
  readonly finite: boolean;
  /** [k] */
  readonly value: readonly number[];
}

export type Rule = "last" | "mean" | "lambda" | "min" | "steve";

export interface MixOptions {
  readonly rule: Rule;
  readonly gamma: number;
  readonly lambda: number;
  readonly beta: number;
  readonly least: boolean;
  readonly clip: readonly [number, number];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** T_h(e, k), as [h][e][k]. */
export function candidates(row: ExpandedRow, { gamma, clip }: MixOptions): number[][][] {
  const H = row.members[0].length;
  const K = row.value.length;
  const bounded = (value: number): number => Math.min(Math.max(value, clip[0]), clip[1]);
  const ofMember = row.members.map((steps) => {
    const T: number[][] = [];
    let [sum, reached, power] = [row.reward, row.terminated ? 0 : 1, gamma];
    T.push(row.value.map((q) => bounded(sum + (reached ? power * reached * q : 0))));
    for (let h = 1; h <= H; h++) {
      const step = steps[h - 1];
      if (steps.slice(0, h).some(({ finite }) => !finite)) T.push(T[h - 1]);
      else {
        if (reached) sum += power * reached * step.reward;
        reached = step.goes ? reached * step.goes : 0;
        power *= gamma;
        T.push(Array.from({ length: K }, (_, k) => bounded(sum + (reached ? power * reached * step.value[k] : 0))));
      }
    }
    return T;
  });
  return Array.from({ length: H + 1 }, (_, h) => ofMember.map((T) => T[h]));
}

/** The target of a row, the estimate of each horizon and its weight. */
export function target(
  row: ExpandedRow,
  options: MixOptions,
): { target: number; estimates: number[]; weights: number[] } {
  const { rule, lambda, beta, least } = options;
  const T = candidates(row, options);
  const H = T.length - 1;
  const estimates = T.map((own) => mean(own.map((ofCritics) => (least ? Math.min(...ofCritics) : mean(ofCritics)))));
  const weights = T.map((own, h) => {
    if (rule === "last") return h === H ? 1 : 0;
    if (rule === "mean") return 1 / (H + 1);
    if (rule === "lambda") return h === H ? lambda ** h : (1 - lambda) * lambda ** h;
    if (rule === "min") return h === estimates.indexOf(Math.min(...estimates)) ? 1 : 0;
    const all = own.flat();
    return 1 / (mean(all.map((value) => (value - mean(all)) ** 2)) + 1e-8);
  });
  const total = rule === "steve" ? weights.reduce((a, b) => a + b, 0) : 1;
  const shares = weights.map((weight) => weight / total);
  const mixed = shares.reduce((sum, share, h) => sum + (share ? share * estimates[h] : 0), 0);
  return { target: beta * mixed + (1 - beta) * estimates[0], estimates, weights: shares };
}

/** Targets and weights of the states h = 0 … H − 1 of one member, for the TD-k trick. */
export function tdkRows(
  row: ExpandedRow,
  e: number,
  { gamma, least, clip }: MixOptions,
): { target: number; weight: number }[] {
  const steps = row.members[e];
  const broken = steps.findIndex(({ finite }) => !finite);
  const end = broken < 0 ? steps.length : broken;
  const out = steps.map(() => ({ target: 0, weight: 0 }));
  if (end === 0) return out;
  const last = steps[end - 1].value;
  let ahead = least ? Math.min(...last) : mean(last);
  for (let h = end - 1; h >= 0; h--) {
    const { reward, goes } = steps[h];
    ahead = Math.min(Math.max(reward + (goes ? gamma * goes * ahead : 0), clip[0]), clip[1]);
    out[h].target = ahead;
  }
  let reached = row.terminated ? 0 : 1;
  for (let h = 0; h < end; h++) {
    out[h].weight = reached;
    reached *= steps[h].goes;
  }
  return out;
}
