// One update of DDPG with two critics as PyTorch makes it (test/fixtures/generate-ddpg.py): targets, losses, gradients, and all
// networks after it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createTransitionBatch } from "../../src/data/index.js";
import { box } from "../../src/envs/index.js";
import { ActorUpdate, CriticUpdate, oneStepTarget } from "../../src/learning/index.js";
import type { Ensemble } from "../../src/nn/index.js";
import { createPolicy, createQFunction } from "../../src/policies/index.js";
import type { Tensor } from "../../src/wasm/index.js";
import { member } from "../nn/support.js";
import type { Gradients } from "../oracle/mlp.js";
import { flat } from "../oracle/policies.js";
import { fixture } from "../support/fixtures.js";
import { assertClose } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const test = suite("an update of DDPG beside PyTorch's");

interface Networks {
  readonly actor: Gradients;
  readonly critics: readonly Gradients[];
  readonly targetActor: Gradients;
  readonly targetCritics: readonly Gradients[];
}

interface Recorded {
  readonly low: number[];
  readonly high: number[];
  readonly gamma: number;
  readonly tau: number;
  readonly penalty: number;
  readonly learningRate: number;
  readonly clip: readonly [number, number];
  readonly batch: Record<"observation" | "action" | "nextObservation", number[][]> &
    Record<"reward" | "terminated", number[]>;
  readonly before: Networks;
  readonly targets: number[];
  readonly criticLosses: number[];
  readonly criticGradients: Gradients[];
  readonly actorGradient: Gradients;
  readonly after: Networks;
}

const recorded = fixture<Recorded>("ddpg-update");
const { batch: rows, before, after, gamma, tau, penalty, learningRate, clip } = recorded;
const B = rows.reward.length;
const [D, A] = [rows.observation[0].length, rows.action[0].length];
const hidden = ({ biases }: Gradients): number[] => biases.slice(0, -1).map(({ length }) => length);

// members side by side, as an ensemble has them
function assign(network: Ensemble, members: readonly Gradients[]): void {
  const state = network.weights();
  for (const [name, { data }] of Object.entries(state.arrays)) {
    const [, layer, kind] = name.match(/^layer(\d+)\.(weight|bias)$/) as RegExpMatchArray;
    data.set(members.flatMap((own) => (kind === "weight" ? own.weights : own.biases)[Number(layer)].flat()));
  }
  network.setWeights(state);
}

for (const [name, runtime] of runtimes) {
  test(`targets, gradients and what becomes of the networks (${name})`, () => {
    runtime.scoped((scope) => {
      const shape = {
        observationSize: D,
        actionSpace: box(recorded.low, recorded.high),
        activation: "relu",
        seed: 0,
      } as const;
      const [actor, targetActor] = [before.actor, before.targetActor].map((net) => {
        const options = { ...shape, filter: false, hidden: hidden(net), kind: "deterministic" } as const;
        const policy = scope.hold(createPolicy(runtime, options));
        assign(policy.network, [net]);
        return policy;
      });
      const [critic, targetCritic] = [before.critics, before.targetCritics].map((nets) => {
        const options = { ...shape, hidden: hidden(nets[0]), members: nets.length, learningRate };
        const q = scope.hold(createQFunction(runtime, options));
        assign(q.network, nets);
        return q;
      });
      const batch = createTransitionBatch(scope, B, D, A);
      for (const column of ["observation", "action", "nextObservation", "reward", "terminated"] as const) {
        (batch[column] as Tensor).write(rows[column].flat());
      }

      const rule = scope.hold(oneStepTarget({ actor: targetActor, critic: targetCritic, rows: B, gamma, clip }));
      const target = scope.tensor([B]);
      rule.write(target, batch);
      assertClose(target.read(), recorded.targets, 1e-6, "targets");

      const critics = scope.hold(runtime.scoped((inner) => new CriticUpdate(inner, critic, rule, B)));
      const climbing = { learningRate, penalty };
      const climb = scope.hold(runtime.scoped((inner) => new ActorUpdate(inner, actor, critic, B, climbing)));
      assert.ok(critics.gradient(batch));
      assert.ok(climb.gradient(batch.observation, B));
      const { criticLosses: losses } = recorded;
      assertClose([critics.loss], [losses.reduce((sum, loss) => sum + loss, 0) / losses.length], 1e-6, "loss");
      recorded.criticGradients.forEach((gradient, k) => {
        assertClose(
          flat(member(critic.network, critics.gradients, k)),
          flat(gradient),
          2e-6,
          `gradient of critic ${k}`,
        );
      });
      assertClose(flat(member(actor.network, climb.gradients, 0)), flat(recorded.actorGradient), 2e-6, "of the actor");

      critics.apply();
      climb.apply();
      targetActor.follow(actor, tau);
      targetCritic.follow(critic, tau);
      const same = (network: Ensemble, nets: readonly Gradients[], what: string): void => {
        nets.forEach((net, k) => {
          assertClose(flat(member(network, network.params, k)), flat(net), 1e-6, `${what} ${k}`);
        });
      };
      same(actor.network, [after.actor], "actor");
      same(critic.network, after.critics, "critic");
      same(targetActor.network, [after.targetActor], "target actor");
      same(targetCritic.network, after.targetCritics, "target critic");
      scope.dispose();
    });
  });
}

test.run();
