// "Did you mean …": the known name with the fewest edits, for names that were mistyped and not invented.

import { UsageError } from "./errors.js";

/** The error for a name that is not among the known ones. */
export function unknownName(kind: string, name: string, known: readonly string[]): UsageError {
  const near = nearest(name, known);
  const hint = near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`;
  return new UsageError(`unknown ${kind} "${name.slice(0, 60)}"; ${hint}`);
}

/** The known name nearest to `name`, if it is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = distance(simplified(name.slice(0, 60)), simplified(candidate));
    if (edits < fewest && edits <= Math.max(1, Math.floor(candidate.length / 2))) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

// case and punctuation are what people get wrong first
function simplified(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

// Levenshtein's, one row at a time
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
