// The accuracy protocol of test/physics/accuracy.test.ts with more seeds, more states and more changed documents, and the float64 build.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRuntime } from "../../src/wasm/index.js";
import { type ModelSpec, models, xmlOf } from "../physics/accuracy/models.js";
import { extraLink, mutate } from "../physics/accuracy/mutate.js";
import { ourEngine } from "../physics/accuracy/ours.js";
import { describeRow, type Row } from "../physics/accuracy/ledger.js";
import { measure } from "../physics/accuracy/protocol.js";
import { type Amounts, drawReference } from "../physics/accuracy/reference.js";
import { randomOf } from "../physics/accuracy/statistics.js";

const accuracy = suite("accuracy, at length");
const FRESH = 8;
const CHANGED = 30;

const failures = (rows: readonly Row[]) => rows.filter(({ passed }) => !passed).map(describeRow);

for (const physics of ["float32", "float64"] as const) {
  const runtime = await loadRuntime({ physics });
  const engine = ourEngine(runtime, physics);
  const failed = (spec: ModelSpec, amounts: Amounts, seed: number, xml?: string) =>
    failures(
      measure(engine, drawReference(spec, amounts, seed, xml), {
        precision: physics,
        tests: 6 * models.length * FRESH,
      }),
    );

  for (const spec of models) {
    accuracy(`${spec.name}, ${physics}: fresh states`, () => {
      for (let seed = 100; seed < 100 + FRESH; seed++) {
        assert.equal(failed(spec, { states: 50, smooth: 4, contact: 6, episodes: 32 }, seed), [], `seed ${seed}`);
      }
    });

    accuracy(`${spec.name}, ${physics}: other numbers, every third with one more link`, () => {
      const astray: string[] = [];
      for (let seed = 200; seed < 200 + CHANGED; seed++) {
        const random = randomOf(seed);
        const changed = mutate(xmlOf(spec), random);
        const xml = seed % 3 === 0 ? extraLink(changed, random) : changed;
        const reference = drawReference(spec, { states: 25, smooth: 2, contact: 3, episodes: 0 }, seed, xml);
        assert.equal(
          failures(measure(engine, reference, { levels: [0, 1, 2, 3, 4, 5], precision: physics })),
          [],
          `seed ${seed}`,
        );
        const trajectories = failures(measure(engine, reference, { levels: [6, 7], precision: physics }));
        if (trajectories.length > 0) astray.push(`seed ${seed}: ${trajectories.join("; ")}`);
      }
      // of so many trajectories some pass a fork closer than rounding
      assert.ok(astray.length <= CHANGED / 10, astray.join("\n"));
    });
  }
}

accuracy.run();
