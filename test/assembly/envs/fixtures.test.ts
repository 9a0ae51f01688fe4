// The step kernels against trajectories of the Python originals.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fixture, type RecordedTrajectory } from "../../support/fixtures.js";
import { runtimes } from "../../support/runtime.js";
import { copies, distance, taskKernels } from "./support.js";

interface Recorded {
  readonly source: string;
  readonly trajectories: RecordedTrajectory[];
}

// states agree to the first over whole trajectories of up to 500 steps, and to the second in each single step; those of the
// mountain car, which its original keeps in f32, to the last bit
const WHOLE = 1e-10;
const SINGLE = 1e-14;
const exact = (task: string): boolean => task === "mountain-car";

for (const [binary, runtime] of runtimes) {
  const test = suite(`python originals, ${binary}`);
  for (const [task, kernels] of Object.entries(taskKernels)) {
    const { source, trajectories } = fixture<Recorded>(task);
    for (const { name, actions, states, observations, rewards, terminated } of trajectories) {
      test(`${task} of ${source}: ${name}`, () => {
        runtime.scoped((scope) => {
          const run = copies(scope, kernels, 1);
          let paid = true;
          run.state.write(states[0]);
          for (let t = 0; t < actions.length; t++) {
            run.step([actions[t]]);
            assert.ok(distance(run.state.read(), states[t + 1]) <= (exact(task) ? 0 : WHOLE), `state after step ${t}`);
            const rounded = Float32Array.from(observations[t]);
            assert.ok(distance(run.observation.read(), rounded) <= 2 ** -23, `observation after step ${t}`);
            // the original stops paying after the end, which no environment of ours steps beyond
            if (paid) {
              const [reward] = run.reward.read();
              assert.ok(distance([reward], [rewards[t]]) <= 2 ** -23, `reward of step ${t}`);
            }
            assert.is(run.terminated.read()[0], terminated[t] ? 1 : 0, `terminated after step ${t}`);
            if (terminated[t]) paid = false;
          }
          scope.dispose();
        });
      });

      test(`${task} of ${source}: ${name}, every step from the recorded state, as one batch`, () => {
        runtime.scoped((scope) => {
          const run = copies(scope, kernels, actions.length);
          run.state.write(states.slice(0, -1).flat());
          run.step(actions);
          assert.ok(distance(run.state.read(), states.slice(1).flat()) <= (exact(task) ? 0 : SINGLE));
          scope.dispose();
        });
      });
    }
  }
  test.run();
}
