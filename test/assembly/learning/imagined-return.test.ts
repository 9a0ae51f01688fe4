// The return of imagined trajectories, step by step, against its definition.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { generator, numbers } from "../../support/numbers.js";
import { runtimes } from "../../support/runtime.js";

for (const [name, runtime] of runtimes) {
  const test = suite(`imagined return on ${name}`);

  test("rewards until termination, discounted, over B; what has ended stands still and weighs nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 6 }), fc.nat(999), (B, D, seed) => {
        runtime.scoped((scope) => {
          const random = generator(seed);
          const weight = scope.tensor([B]).write(new Float32Array(B).fill(NaN));
          const alive = scope.tensor([B], "u8").write(new Uint8Array(B).fill(1));
          const [next, observation] = [scope.tensor([B, D]), scope.tensor([B, D])];
          const [reward, ended] = [scope.tensor([B]), scope.tensor([B], "u8")];
          const gone = new Array<boolean>(B).fill(false);
          for (let t = 0; t < 4; t++) {
            const discount = 0.9 ** t;
            const before = numbers(random, B * D);
            const after = numbers(random, B * D);
            observation.write(before);
            next.write(after);
            // what is gone may say anything
            reward.write(numbers(random, B).map((value, b) => (gone[b] ? NaN : value)));
            ended.write(Array.from({ length: B }, () => (random() > 0.5 ? 1 : 0)));
            const at = [weight, alive, next, observation, reward, ended].map(({ address }) => address);
            const share = runtime.kernels.imagined_return(at[0], at[1], at[2], at[3], at[4], at[5], discount, B, D);
            const live = [...reward.read()].filter((_, b) => !gone[b]);
            const expected = (discount / B) * live.reduce((sum, value) => sum + value, 0);
            assert.ok(Math.abs(share - expected) < 1e-12, `${share} instead of ${expected}`);
            for (let b = 0; b < B; b++) {
              assert.is(weight.view[b], gone[b] ? 0 : Math.fround(discount / B));
              const row = [...next.read()].slice(b * D, (b + 1) * D);
              assert.equal(row, (gone[b] ? before : after).slice(b * D, (b + 1) * D));
              gone[b] ||= ended.view[b] === 1;
              assert.is(alive.view[b], gone[b] ? 0 : 1);
            }
          }
          scope.dispose();
          runtime.checkGuards();
        });
      }),
      { numRuns: 40 },
    );
  });

  test.run();
}
