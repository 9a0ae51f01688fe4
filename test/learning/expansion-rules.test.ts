// Targets of value expansion: examples by hand for every rule, the float64 twin on random numbers, a perfect model whose horizons
// agree, rows of the TD-k trick.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { expandedTargets, type ExpansionRule, expansionRules, type MixOptions } from "../../src/learning/index.js";
import type { Runtime } from "../../src/wasm/index.js";
import { type ExpandedRow, target, tdkRows } from "../oracle/expansion.js";
import { assertClose, generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

/** Targets of rows through the kernel. */
function targets(runtime: Runtime, rows: readonly ExpandedRow[], options: MixOptions) {
  const B = rows.length;
  const [E, H, K] = [rows[0].members.length, rows[0].members[0].length, rows[0].value.length];
  return runtime.scoped((scope) => {
    const each = <T>(pick: (row: ExpandedRow) => T): T[] => rows.map(pick);
    const steps = (pick: (row: ExpandedRow, e: number, h: number) => number): number[] =>
      Array.from({ length: H * E * B }, (_, i) => pick(rows[i % B], Math.floor(i / B) % E, Math.floor(i / (E * B))));
    const critics = Array.from({ length: K }, (_, k) => k);
    const real = {
      rows: B,
      reward: scope.tensor([B]).write(each(({ reward }) => reward)),
      terminated: scope.tensor([B], "u8").write(each(({ terminated }) => Number(terminated))),
      value: scope.tensor([K, B]).write(critics.flatMap((k) => each(({ value }) => value[k]))),
    };
    const tensor = (values: number[]) => scope.tensor([Math.max(1, values.length)]).write(values.length ? values : [0]);
    const imagined = {
      horizon: H,
      members: E,
      reward: tensor(steps((row, e, h) => row.members[e][h].reward)),
      goes: tensor(steps((row, e, h) => row.members[e][h].goes)),
      finite: tensor(steps((row, e, h) => Number(row.members[e][h].finite))),
      value: tensor(critics.flatMap((k) => steps((row, e, h) => row.members[e][h].value[k]))),
    };
    const out = scope.tensor([B]);
    const estimates = scope.tensor([H + 1, B]);
    const { shares } = expandedTargets(runtime, out, real, imagined, options, estimates);
    const result = { targets: [...out.read()], estimates: [...estimates.read()], shares: [...shares] };
    scope.dispose();
    return result;
  });
}

const step = (reward: number, ...value: number[]) => ({ reward, goes: 1, finite: true, value });

// by hand, γ = ½: T₀ = 1 + ½ Q₀, T₁ = 1 + ½·2 + ¼ Q₁, T₂ = 1 + 1 + ¼·4 + ⅛ Q₂, T₃ = 1 + 1 + 1 + ⅛·8 + 1/16 Q₃
const example: ExpandedRow = {
  reward: 1,
  terminated: false,
  // two critics: T₀ is 1 and 5, T₁ 3 and 5, T₂ 3 and 7, T₃ 0 and 4; their means are 3, 4, 5, 2
  value: [0, 8],
  members: [[step(2, 4, 12), step(4, 0, 32), step(8, -64, 0)]],
};
const half: Omit<MixOptions, "rule"> = { gamma: 0.5, lambda: 0.5 };
const byHand: readonly (readonly [string, MixOptions, number, ExpandedRow?])[] = [
  ["last", { ...half, rule: "last", critics: "mean" }, 2],
  ["mean", { ...half, rule: "mean", critics: "mean" }, 3.5],
  ["lambda", { ...half, rule: "lambda", critics: "mean" }, 3 / 2 + 4 / 4 + 5 / 8 + 2 / 8],
  ["min", { ...half, rule: "min", critics: "mean" }, 2],
  // variances 4, 1, 4, 4
  ["steve", { ...half, rule: "steve" }, (3 + 4 * 4 + 5 + 2) / 7],
  ["last of the least critic", { ...half, rule: "last" }, 0],
  ["mean of the least critic", { ...half, rule: "mean" }, (1 + 3 + 3 + 0) / 4],
  ["half last, half the real target", { ...half, rule: "last", critics: "mean", beta: 0.5 }, 2.5],
  ["clipped", { ...half, rule: "mean", critics: "mean", clip: [2, 4] }, (3 + 3.5 + 3.5 + 3) / 4],
  ["ended by the real step", { ...half, rule: "mean" }, 1, { ...example, terminated: true }],
  [
    "ended by the second imagined step",
    { ...half, rule: "last", critics: "mean" },
    3,
    { ...example, members: [[step(2, 4, 12), { ...step(4, 0, 32), goes: 0 }, step(Number.NaN, Number.NaN, 0)]] },
  ],
  [
    "ended by it with probability one half",
    { ...half, rule: "last", critics: "mean" },
    1 + 1 + 1 + 0.5 + (0.5 / 16) * -32,
    { ...example, members: [[step(2, 4, 12), { ...step(4, 0, 32), goes: 0.5 }, step(8, -64, 0)]] },
  ],
  [
    "no number from the third step on",
    { ...half, rule: "last", critics: "mean" },
    5,
    { ...example, members: [[step(2, 4, 12), step(4, 0, 32), { ...step(8, 9, 9), finite: false }]] },
  ],
];

function randomRow(random: () => number, E: number, H: number, K: number): ExpandedRow {
  return {
    reward: random(),
    terminated: random() > 0.7,
    value: numbers(random, K, 3),
    members: Array.from({ length: E }, () =>
      Array.from({ length: H }, () => ({
        reward: Math.fround(random()),
        goes: [1, 1, 0, Math.fround(Math.abs(random()))][Math.floor(2 + 2 * random())],
        finite: random() < 0.8,
        value: numbers(random, K, 3),
      })),
    ),
  };
}

for (const [binary, runtime] of runtimes) {
  const test = suite(`rules of expansion, ${binary}`);

  for (const [name, options, expected, row = example] of byHand) {
    test(`three steps by hand: ${name}`, () => {
      assertClose(targets(runtime, [row], options).targets, [expected], 1e-6, "target");
      const { rule, gamma, lambda = 0.25, beta = 1, clip = [-Infinity, Infinity] } = options;
      const least = (options.critics ?? (rule === "steve" ? "mean" : "min")) === "min";
      const twin = target(row, { rule, gamma, lambda, beta, clip, least });
      assertClose([twin.target], [expected], 1e-6, "twin");
    });
  }

  test("a value that is no number is never passed over by a least", () => {
    const bad = Number.NaN;
    const broken: readonly ExpandedRow[] = [
      { ...example, value: [bad, 5] },
      { ...example, value: [5, bad] },
      { ...example, members: [[step(2, bad, 12), step(4, 0, 32), step(8, -64, 0)]] },
      { ...example, members: [[step(2, 4, 12), step(4, 0, bad), step(8, -64, 0)]] },
    ];
    for (const row of broken) {
      const found = targets(runtime, [row], { ...half, rule: "min" }).targets;
      assert.ok(Number.isNaN(found[0]), `${found[0]}`);
    }
  });

  test("every rule is that of the twin, whatever the sizes", () => {
    const random = generator(1);
    for (const [E, H, K, B] of [
      [1, 0, 1, 1],
      [1, 1, 1, 3],
      [3, 2, 2, 5],
      [2, 5, 3, 9],
    ]) {
      for (const rule of expansionRules) {
        for (const critics of ["min", "mean"] as const) {
          const rows = Array.from({ length: B }, () => randomRow(random, E, H, K));
          const options = { rule, gamma: 0.9, lambda: 0.4, beta: 0.8, clip: [-2, 2.5] as const, critics };
          const got = targets(runtime, rows, options);
          const twins = rows.map((row) => target(row, { ...options, least: critics === "min" }));
          const [what, expected] = [`${rule} ${critics} ${[E, H, K, B]}`, twins.map((twin) => twin.target)];
          assertClose(got.targets, expected, 1e-5, what);
          const estimates = Array.from({ length: H + 1 }, (_, h) => twins.map((twin) => twin.estimates[h])).flat();
          assertClose(got.estimates, estimates, 1e-5, `${what}, estimates`);
          const shares = got.shares.map((_, h) => twins.reduce((sum, { weights }) => sum + weights[h] / B, 0));
          assertClose(got.shares, shares, 1e-5, `${what}, shares`);
          assertClose([got.shares.reduce((a, b) => a + b)], [1], 1e-9, "sum of shares");
        }
      }
    }
  });

  test("with a perfect model and the true values all horizons agree to 1e-5", () => {
    // s' = 0.9 s + 0.1 sin 3s, r = cos 2s, γ = 0.95: the value is the sum over 400 steps, far more than float32 can tell
    const gamma = 0.95;
    const next = (s: number) => 0.9 * s + 0.1 * Math.sin(3 * s);
    const value = (s: number): number => {
      let [sum, weight, x] = [0, 1, s];
      for (let i = 0; i < 600; i++, weight *= gamma, x = next(x)) sum += weight * Math.cos(2 * x);
      return sum;
    };
    const random = generator(4);
    const rows = Array.from({ length: 20 }, (): ExpandedRow => {
      let s = next(2 * random());
      const reward = random();
      const first = value(s);
      const steps = Array.from({ length: 8 }, () => {
        const now = Math.cos(2 * s);
        s = next(s);
        return step(now, value(s), value(s));
      });
      return { reward, terminated: false, value: [first, first], members: [steps, steps] };
    });
    for (const rule of expansionRules) {
      const got = targets(runtime, rows, { rule, gamma });
      rows.forEach((row, b) => {
        const truth = row.reward + gamma * row.value[0];
        for (let h = 0; h <= 8; h++) assert.ok(Math.abs(got.estimates[h * 20 + b] - truth) < 1e-5, `horizon ${h}`);
        assert.ok(Math.abs(got.targets[b] - truth) < 1e-5, rule);
      });
    }
  });

  test("rows of the TD-k trick are those of the twin", () => {
    const random = generator(7);
    const [E, H, K, B, D] = [3, 4, 2, 7, 2];
    const rows = Array.from({ length: B }, () => randomRow(random, E, H, K));
    runtime.scoped((scope) => {
      const steps = (pick: (row: ExpandedRow, e: number, h: number) => number) =>
        scope
          .tensor([H, E, B])
          .write(
            Array.from({ length: H * E * B }, (_, i) =>
              pick(rows[i % B], Math.floor(i / B) % E, Math.floor(i / (E * B))),
            ),
          );
      const value = scope.tensor([K, H, E, B]);
      value.write([0, 1].flatMap((k) => [...steps((row, e, h) => row.members[e][h].value[k]).view]));
      const inputs = [
        scope.tensor([B, D]).write(numbers(random, B * D)),
        scope.tensor([B, 1]).write(numbers(random, B)),
        scope.tensor([H, E, B, D]).write(numbers(random, H * E * B * D)),
        scope.tensor([H, E, B, 1]).write(numbers(random, H * E * B)),
      ];
      const [start, startAction, states, actions] = inputs;
      const terminated = scope.tensor([B], "u8").write(rows.map((row) => Number(row.terminated)));
      const out = [scope.tensor([H, B, D]), scope.tensor([H, B, 1]), scope.tensor([H, B]), scope.tensor([H, B])];
      const [observation, action, goal, weight] = out;
      const addresses = [...out, ...inputs].map(({ address }) => address) as [number, number, number, number];
      const reward = steps((row, e, h) => row.members[e][h].reward);
      const goes = steps((row, e, h) => row.members[e][h].goes);
      const finite = steps((row, e, h) => Number(row.members[e][h].finite));
      for (const least of [false, true]) {
        const rest = [terminated, reward, goes, finite, value].map(({ address }) => address);
        const sizes = [H, E, K, B, D, 1, Number(least), 0.9, -2, 2];
        (runtime.kernels.expansion_rows as (...words: number[]) => void)(...addresses, ...rest, ...sizes);
        rows.forEach((row, b) => {
          const e = b % E;
          const options = { rule: "last", gamma: 0.9, lambda: 0, beta: 1, least, clip: [-2, 2] } as const;
          tdkRows(row, e, options).forEach((twin, h) => {
            const at = h * B + b;
            assert.ok(Math.abs(goal.view[at] - twin.target) < 1e-5, `target ${h} ${b}`);
            assert.ok(Math.abs(weight.view[at] - twin.weight) < 1e-6, `weight ${h} ${b}`);
            const before = ((h - 1) * E + e) * B + b;
            const state = h === 0 ? start.view.slice(b * D, b * D + D) : states.view.slice(before * D, before * D + D);
            assert.equal(observation.view.slice(at * D, at * D + D), state);
            assert.is(action.view[at], h === 0 ? startAction.view[b] : actions.view[before]);
          });
        });
      }
      scope.dispose();
    });
  });

  test("tensors that do not fit are told by their names", () => {
    const elsewhere = runtimes.filter(([name]) => name !== binary)[0][1];
    runtime.scoped((scope) => {
      const [H, E, K, B] = [2, 3, 2, 4];
      const flags = () => scope.tensor([H, E, B]);
      const real = {
        rows: B,
        reward: scope.tensor([B]),
        terminated: scope.tensor([B], "u8"),
        value: scope.tensor([K, B]),
      };
      const steps = { reward: flags(), goes: flags(), finite: flags(), value: scope.tensor([K, H, E, B]) };
      const imagined = { horizon: H, members: E, ...steps };
      const good = { out: scope.tensor([B]), real, imagined, estimates: scope.tensor([H + 1, B]) };
      const expand = (more: object) => () => {
        const { out, real, imagined, estimates } = { ...good, ...more };
        expandedTargets(runtime, out, real, imagined, { rule: "mean", gamma: 0.9 }, estimates);
      };
      expand({})();
      const wrong = (more: object, message: string) =>
        assert.throws(
          expand(more),
          (error: Error) => error instanceof RangeError && error.message === `expandedTargets: ${message}`,
        );
      const other = (part: "real" | "imagined", tensors: object) => ({ [part]: { ...good[part], ...tensors } });
      const few = '"real.value" expected at least 1 rows of 4 f32, got "f32 [3]"';
      wrong(other("real", { value: scope.tensor([3]) }), few);
      const odd = '"real.value" expected 4 values of each critic, got "7 values"';
      wrong(other("real", { value: scope.tensor([7]) }), odd);
      // more critics here than there
      const critics = '"imagined.value" expected at least 18 rows of 4 f32, got "f32 [2, 2, 3, 4]"';
      wrong(other("real", { value: scope.tensor([3, B]) }), critics);
      const double = '"real.reward" expected at least 1 rows of 4 f32, got "f64 [4]"';
      wrong(other("real", { reward: scope.tensor([B], "f64") }), double);
      const ends = '"real.terminated" expected at least 1 rows of 4 u8, got "f32 [4]"';
      wrong(other("real", { terminated: scope.tensor([B]) }), ends);
      wrong({ estimates: scope.tensor([H, B]) }, '"estimates" expected at least 3 rows of 4 f32, got "f32 [2, 4]"');
      for (const name of ["reward", "goes", "finite"]) {
        const short = `"imagined.${name}" expected at least 6 rows of 4 f32, got "f32 [5, 4]"`;
        wrong(other("imagined", { [name]: scope.tensor([5, B]) }), short);
      }
      elsewhere.scoped((away) => {
        const foreign = (name: string) => `"${name}" expected one of the same runtime, got "one of another"`;
        wrong({ out: away.tensor([B]) }, foreign("out"));
        wrong({ estimates: away.tensor([H + 1, B]) }, foreign("estimates"));
        for (const part of ["real", "imagined"] as const) {
          for (const name of Object.keys(part === "real" ? real : steps).filter((key) => key !== "rows")) {
            const tensor = away.tensor([K, H, E, B], name === "terminated" ? "u8" : "f32");
            wrong(other(part, { [name]: tensor }), foreign(`${part}.${name}`));
          }
        }
        away.dispose();
      });
      scope.dispose();
    });
  });

  test("what a rule is told is checked", () => {
    const mixed = (options: object, message: RegExp) =>
      assert.throws(() => targets(runtime, [example], { rule: "min", gamma: 0.9, ...options } as MixOptions), message);
    mixed({ rule: "max" as ExpansionRule }, /"rule"/);
    mixed({ gamma: 1.5 }, /"gamma"/);
    mixed({ lambda: -1 }, /"lambda"/);
    mixed({ beta: 2 }, /"beta"/);
    mixed({ clip: [1, 0] }, /"clip" expected bounds, the lower one first, got "1, 0"/);
    mixed({ clip: 3 }, /"clip" expected two bounds/);
    mixed({ critics: "max" }, /"critics"/);
  });

  test.run();
}
