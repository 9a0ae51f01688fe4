// The models under the protocol: Gymnasium v5's bodies of capsules and spheres, three of dm_control's, and the arm of this
// package, which a hand that stands still holds by a weld.
import { xml as reachArm } from "../../../src/envs/tasks/xml/reach-arm.js";
import { mjcfFixture } from "../../support/mujoco.js";

export interface ModelSpec {
  readonly name: string;
  /** Below test/fixtures/mjcf; or the document itself. */
  readonly file: string;
  readonly xml?: string;
  /** Steps in a control step. */
  readonly frameSkip: number;
  /** Amplitude of the noise on the initial state. */
  readonly noise: number;
  /** Leading elements of qpos that a policy does not see: where the root is in the plane. */
  readonly skip: number;
  /** Has a recorded reference in test/fixtures/mujoco. */
  readonly recorded: boolean;
}

const gymnasium = (
  name: string,
  frameSkip: number,
  { noise = 0.005, skip = 0, recorded = true }: Partial<Pick<ModelSpec, "noise" | "skip" | "recorded">> = {},
): ModelSpec => ({ name, file: `gymnasium/${name}.xml`, frameSkip, noise, skip, recorded });

const dmControl = (name: string): ModelSpec => ({
  name: `dmc_${name}`,
  file: `dm_control/${name}.xml`,
  frameSkip: 1,
  noise: 0.1,
  skip: 0,
  recorded: true,
});

export const models: readonly ModelSpec[] = [
  gymnasium("inverted_pendulum", 2),
  gymnasium("inverted_double_pendulum", 5),
  gymnasium("reacher", 2),
  gymnasium("swimmer", 4, { skip: 2, recorded: false }),
  gymnasium("hopper", 4, { skip: 1 }),
  gymnasium("half_cheetah", 5, { noise: 0.1, skip: 1 }),
  gymnasium("walker2d_v5", 4, { skip: 1, recorded: false }),
  gymnasium("ant", 5, { noise: 0.1, skip: 2 }),
  dmControl("pendulum"),
  dmControl("cartpole"),
  dmControl("acrobot"),
  { name: "reach_arm", file: "", xml: reachArm, frameSkip: 20, noise: 0.05, skip: 0, recorded: false },
];

export function modelNamed(name: string): ModelSpec {
  const spec = models.find((model) => model.name === name);
  if (!spec) throw new RangeError(`no model "${name}" among ${models.map((model) => model.name).join(", ")}`);
  return spec;
}

export const xmlOf = (spec: ModelSpec): string => spec.xml ?? mjcfFixture(spec.file);
