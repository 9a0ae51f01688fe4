// Our simulator against the official MuJoCo build, by the protocol of accuracy/protocol.ts: on recorded references, on states drawn
// afresh, and on documents with other numbers and one more link, which no table of known models can pass.
// test/slow/physics-accuracy.test.ts does the same with more of everything.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runtime } from "../support/runtime.js";
import { type ModelSpec, modelNamed, models, xmlOf } from "./accuracy/models.js";
import { extraLink, mutate, withFlags } from "./accuracy/mutate.js";
import { ourEngine } from "./accuracy/ours.js";
import { describeRow } from "./accuracy/ledger.js";
import { measure, type ProtocolOptions } from "./accuracy/protocol.js";
import { drawReference, type Reference, recordedReference } from "./accuracy/reference.js";
import { randomOf } from "./accuracy/statistics.js";

const accuracy = suite("accuracy");
const engine = ourEngine(runtime);
const STATISTICS = 6;

function expectPassed(reference: Reference, options: ProtocolOptions = {}): void {
  const rows = measure(engine, reference, { tests: STATISTICS * models.length, ...options });
  assert.equal(rows.filter(({ passed }) => !passed).map(describeRow), []);
}

/** Full references; the first part of the fresh ones has no more than CI has time for. */
const referenceOf = (spec: ModelSpec): Reference =>
  spec.recorded ? recordedReference(spec) : drawReference(spec, { states: 25, smooth: 2, contact: 3, episodes: 32 }, 1);

for (const spec of models) {
  accuracy(`${spec.name}: all levels`, () => expectPassed(referenceOf(spec)));

  accuracy(`${spec.name}: fresh states`, () =>
    expectPassed(drawReference(spec, { states: 20, smooth: 2, contact: 3, episodes: 0 }, 20)),
  );

  for (const seed of [1, 2, 3]) {
    accuracy(`${spec.name}: other numbers${seed === 3 ? ", one more link" : ""} (${seed})`, () => {
      const random = randomOf(seed);
      const changed = mutate(xmlOf(spec), random);
      const xml = seed === 3 ? extraLink(changed, random) : changed;
      expectPassed(drawReference(spec, { states: 12, smooth: 1, contact: 2, episodes: 0 }, seed, xml));
    });
  }
}

accuracy("half_cheetah: groups of a state at rest, one in motion, one perturbed and one at limits", () => {
  const spec = modelNamed("half_cheetah");
  const reference = drawReference(spec, { states: 24, smooth: 0, contact: 0, episodes: 0 }, 8);
  const kinds = ["reset", "rollout", "perturbed", "limit"].map((kind) =>
    reference.states.filter((state) => state.kind === kind),
  );
  const states = kinds[1]!.flatMap((_, i) => kinds.map((list) => list[i % list.length]!));
  expectPassed({ ...reference, states }, { levels: [4] });
});

// what our own engine would do if it had the mistake
const mistakes: readonly [string, string, string, (xml: string) => string][] = [
  ["1 % more friction", "half_cheetah", "4", (xml) => xml.replace('friction=".4', 'friction=".404')],
  ["half of every margin", "hopper", "3", (xml) => xml.replace('margin="0.001"', 'margin="0.0005"')],
  ["explicit damping", "half_cheetah", "5", (xml) => withFlags(xml, { eulerdamp: "disable" })],
  ["no armature", "half_cheetah", "2", (xml) => xml.replace('armature=".1"', 'armature="0"')],
];
for (const [what, name, level, spoil] of mistakes) {
  accuracy(`${name}: ${what} fails from level ${level} on`, () => {
    const mistaken = { name: what, load: (xml: string) => engine.load(spoil(xml)) };
    const rows = measure(mistaken, recordedReference(modelNamed(name)), { levels: [2, 3, 4, 5] });
    const failed = rows.filter(({ passed }) => !passed).map((row) => row.level);
    assert.is(failed.sort()[0], level);
  });
}

accuracy.run();
