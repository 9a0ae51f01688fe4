// What every engine runs, bundled into one script behind prelude.js: prints the fingerprints as a line of JSON for each of the
// two numerics, or why there are none.

import { kernelFingerprint, learnersFingerprint, petsFingerprint, policyFingerprint } from "../browser/fingerprints.js";

declare const print: (line: string) => void;

/** One line. `fast` is what fused multiply-add gives, which an engine may lack. */
export type Fingerprints = { readonly numerics: "reproducible" | "fast" } & (
  | {
      readonly kernels: string;
      readonly policies: string;
      readonly learners: string;
      readonly state: string;
      readonly log: string;
    }
  | { readonly failure: string }
);

for (const numerics of ["reproducible", "fast"] as const) {
  let line: Fingerprints;
  try {
    const kernels = await kernelFingerprint({ numerics });
    const policies = await policyFingerprint({ numerics });
    const learners = Object.values(await learnersFingerprint({ numerics })).join(" ");
    const { state, log } = await petsFingerprint({ numerics });
    line = { numerics, kernels, policies, learners, state, log };
  } catch (error) {
    line = { numerics, failure: String(error) };
  }
  print(JSON.stringify(line));
}
