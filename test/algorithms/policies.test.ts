// Runs of TRPO and PPO: resumed, aborted and shared between threads they are the same run; every step keeps within δ; options
// are checked.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ppo, type PpoOptions, trpo, type TrpoOptions } from "../../src/algorithms/index.js";
import {
  batchEnvs,
  cartPole,
  DivergedError,
  halfCheetah,
  makeEnv,
  makeVectorEnv,
  pendulum,
  type VectorStep,
} from "../../src/envs/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import type { TrpoReport } from "../../src/learning/index.js";
import type { Env, SavedState } from "../../src/types.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";
import { begin, learn, variants, vectorEnv } from "./policy-support.js";

const test = suite("policies in environments");

for (const variant of variants) {
  test(`resuming after a save equals not stopping: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 4 });
    assert.is(whole.log.length, 4);
    const half = await learn(variant, { trials: 2 });
    // through the bytes of a checkpoint into another instance of the kernels
    const resume = decodeCheckpoint(encodeCheckpoint(half.state));
    const rest = await learn(variant, { trials: 4, resume }, await loadRuntime());
    assert.equal([...half.log, ...rest.log], whole.log);
    assert.equal(digest(rest.state), digest(whole.state));
  });

  test(`a save at any moment resumes to the same end: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 3 });
    const env = vectorEnv(variant.task);
    const saved: SavedState[] = [];
    let events = 0;
    const phases = new Set<string>();
    const run = begin(variant, env, {
      trials: 3,
      onStep: ({ phase }) => {
        if (events++ % 37 !== 20) return;
        phases.add(phase);
        saved.push(run.save());
      },
    });
    for await (const _ of run);
    run.dispose();
    assert.equal([...phases].sort(), ["collect", "update"]);
    const chosen = saved.filter((_, i) => i % Math.ceil(saved.length / 7) === 0);
    for (const resume of chosen) {
      const { state } = await learn(variant, { trials: 3, resume });
      assert.equal(digest(state), digest(whole.state));
    }
  });

  test(`two threads give the same bits: ${variant.name}`, async () => {
    const two = await loadRuntime({ threads: 2 });
    const [one, other] = [await learn(variant, { trials: 2 }), await learn(variant, { trials: 2 }, two)];
    assert.equal(digest(other.state), digest(one.state));
    two.dispose();
  });

  test(`an abort is answered within 100 ms in any phase and leaves a run that can go on: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 2 });
    const abortIn = async (wanted: string, after: number): Promise<number> => {
      const env = vectorEnv(variant.task);
      const controller = new AbortController();
      let asked = 0;
      let events = 0;
      const onStep = ({ phase }: { phase: string }): void => {
        if (phase !== wanted || asked > 0 || events++ < after) return;
        asked = performance.now();
        controller.abort();
      };
      const run = begin(variant, env, { trials: 2, signal: controller.signal, onStep });
      let reason: unknown;
      try {
        for await (const _ of run);
      } catch (error) {
        reason = error;
      }
      const wait = performance.now() - asked;
      assert.ok(reason instanceof DOMException && reason.name === "AbortError", String(reason));
      const resume = run.save();
      run.dispose();
      const { state } = await learn(variant, { trials: 2, resume });
      assert.equal(digest(state), digest(whole.state), `aborted in phase ${wanted}`);
      return wait;
    };
    for (const phase of ["collect", "update"]) {
      for (const after of [0, 17]) {
        // on a busy machine one may be late for other reasons
        const waits = [await abortIn(phase, after)];
        while (Math.min(...waits) >= 100 && waits.length < 3) waits.push(await abortIn(phase, after));
        assert.ok(Math.min(...waits) < 100, `answered after ${waits} ms in phase ${phase}`);
      }
    }
  });
}

test("every accepted step of a run keeps within 1.01 δ, and most steps are accepted", async () => {
  const reports: TrpoReport[] = [];
  for (const task of [cartPole, pendulum]) {
    for (const maxKl of [0.01, 0.001]) {
      const env = vectorEnv(task, runtime, 4);
      const options = { seed: 1, maxKl, steps: 200, trials: 2 ** 31 - 1, totalSteps: 20_000 };
      const mine: TrpoReport[] = [];
      const run = trpo(runtime, env, { ...options, onUpdate: (report) => mine.push(report) });
      for await (const _ of run);
      run.dispose();
      assert.is(mine.length, 25);
      for (const { accepted, kl, improvement } of mine) {
        assert.ok(!accepted || (kl > 0 && kl <= 1.01 * maxKl && improvement > 0), `KL ${kl} beside ${maxKl}`);
      }
      reports.push(...mine);
    }
  }
  const accepted = reports.filter((report) => report.accepted);
  assert.ok(accepted.length > 0.95 * reports.length, `${accepted.length} of ${reports.length}`);
});

test("runs learn: cart-pole above 150 within 20,000 steps", async () => {
  for (const make of [trpo, ppo]) {
    const env = makeVectorEnv(runtime, cartPole, { batch: 8, seed: 0, autoreset: "same-step" });
    let best = 0;
    const run = make(runtime, env, { trials: 2 ** 31 - 1, totalSteps: 20_000 });
    for await (const { episodeReturn } of run) best = Math.max(best, episodeReturn);
    run.dispose();
    assert.ok(best > 150, `${make.name}: ${best}`);
  }
});

test("after a step that an environment failed, its episodes begin anew", async () => {
  let [resets, steps] = [0, 0];
  const sound = makeEnv(runtime, pendulum);
  const { spec, observationSpace, actionSpace } = sound;
  const failing: Env = {
    spec,
    observationSpace,
    actionSpace,
    reset(options) {
      resets++;
      return sound.reset(options);
    },
    step(action) {
      if (++steps === 20) throw new Error("out of order");
      return sound.step(action);
    },
    snapshot: () => sound.snapshot(),
    restore: (state) => sound.restore(state),
    close: () => sound.close(),
  };
  const options: PpoOptions = { trials: 1, steps: 32, hidden: [4], seed: 0 };
  const run = ppo(runtime, batchEnvs([failing], { autoreset: "same-step" }), options);
  const iterate = async (): Promise<unknown> => {
    for await (const _ of run);
    return undefined;
  };
  assert.match(String(await iterate().catch(String)), /out of order/);
  assert.is(resets, 1);
  await iterate();
  // another episode of 200 steps, and 24 of a third until the seventh batch was full
  assert.equal([resets, steps], [3, 20 + 7 * 32]);
  run.dispose();
});

test("an update that was made is not made twice when the caller throws at its report", async () => {
  const [variant] = variants;
  const whole = await learn(variant, { trials: 3 });
  const run = begin(variant, vectorEnv(variant.task), { trials: 3 });
  const iterator = run[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return(undefined);
  const trials: number[] = [];
  for await (const { trial } of run) trials.push(trial);
  assert.equal(trials, [1, 2]);
  assert.equal(digest(run.save()), digest(whole.state));
  run.dispose();
});

test("a run has one iterator at a time", async () => {
  const run = begin(variants[0], vectorEnv(cartPole), { trials: 2 });
  const first = run[Symbol.asyncIterator]();
  await first.next();
  let message = "";
  try {
    for await (const _ of run);
  } catch (error) {
    message = (error as Error).message;
  }
  assert.match(message, /trpo: this run is being iterated already/);
  await first.return(undefined);
  run.dispose();
});

test("options are checked, and a refused run holds no memory", () => {
  const env = vectorEnv(pendulum);
  const before = runtime.memoryUsage().tensors;
  const refused = (make: "trpo" | "ppo", options: object, message: RegExp): void =>
    assert.throws(
      () => (make === "trpo" ? trpo(runtime, env, options as TrpoOptions) : ppo(runtime, env, options as PpoOptions)),
      (error: Error) => message.test(error.message) || assert.unreachable(`${error.message} is not ${message}`),
    );
  refused("trpo", { trials: -1 }, /trpo: "trials" expected an integer of at least 0, got -1/);
  refused("trpo", { trials: 1, maxKL: 1 }, /trpo: unknown option "maxKL"; known: seed/);
  refused("trpo", { trials: 1, damping: 0 }, /trpo: "damping"/);
  refused("trpo", { trials: 1, gamma: 2 }, /trpo: "gamma" expected a finite number in \[0, 1\], got 2/);
  refused("trpo", { trials: 1, baseline: "zero" }, /trpo: "baseline" expected one of value, linear/);
  refused("trpo", { trials: 1, policy: "categorical" }, /trpo: "policy" expected one of gaussian, squashed/);
  refused("trpo", { trials: 1, hidden: [0] }, /"hidden"/);
  refused("trpo", { trials: 1, signal: 1 }, /trpo: "signal" expected an AbortSignal/);
  refused("ppo", { trials: 1, clip: -1 }, /ppo: "clip"/);
  refused("ppo", { trials: 1, onUpdate: 1 }, /ppo: "onUpdate" expected a function/);
  refused("ppo", { trials: 1, schedule: "linear" }, /ppo: "totalSteps" expected a number of steps over which/);
  refused("ppo", { trials: 1, steps: 0 }, /ppo: "steps"/);
  assert.is(runtime.memoryUsage().tensors, before);
  const other = makeVectorEnv(runtime, pendulum, { batch: 2 });
  assert.throws(() => trpo(runtime, other, { trials: 1 }), /one with autoreset "same-step", got "one with "?/);
  assert.throws(() => trpo(runtime, undefined as never, { trials: 1 }), /"env" expected a vector environment/);
});

test("a saved run refuses another task, algorithm, batch and other hyper-parameters", async () => {
  const { state: resume } = await learn(variants[0], { trials: 0 });
  const refused = (make: () => unknown, message: RegExp) => assert.throws(make, message);
  const env = vectorEnv(cartPole);
  refused(() => trpo(runtime, vectorEnv(halfCheetah), { trials: 1, resume }), /expected a run of HalfCheetah-v5/);
  refused(() => ppo(runtime, env, { trials: 1, resume }), /saved options lack|not a run of ppo/);
  refused(() => trpo(runtime, vectorEnv(cartPole, runtime, 4), { trials: 1, resume }), /"env.batch" expected 3/);
  refused(() => trpo(runtime, env, { trials: 1, resume, maxKl: 0.02 }), /"maxKl" expected 0.01, as in the saved run/);
  trpo(runtime, env, { trials: 1, resume }).dispose();
});

test("an episode that a divergence cut off is not among the returns", async () => {
  const inner = makeVectorEnv(runtime, pendulum, { batch: 2, autoreset: "same-step" });
  let steps = 0;
  // of the whole episodes: that of environment 0 after the divergence, and two of environment 1
  const returns = [0, 0, 0];
  const env: typeof inner = Object.assign(Object.create(null), {
    ...inner,
    reset: inner.reset.bind(inner),
    createOut: inner.createOut.bind(inner),
    snapshot: inner.snapshot.bind(inner),
    restore: inner.restore.bind(inner),
    step(actions: Float32Array, out: VectorStep) {
      inner.step(actions, out);
      steps++;
      if (steps > 5 && steps <= 205) returns[0] += out.reward[0];
      returns[steps <= 200 ? 1 : 2] += out.reward[1];
      if (steps !== 5) return out;
      out.observation.set(inner.reset({ mask: [1, 0] }).observation);
      throw new DivergedError("test", "environment 0", 0, "joint", 0.2, [0]);
    },
  });
  const run = trpo(runtime, env, { trials: 2, steps: 200, seed: 1 });
  const log: (readonly number[])[] = [];
  for await (const { episodeReturn, episodeLength } of run) log.push([episodeReturn, episodeLength]);
  assert.equal(log, [
    [returns[1], 200],
    [(returns[0] + returns[2]) / 2, 200],
  ]);
  run.dispose();
  inner.close();
});

test.run();
