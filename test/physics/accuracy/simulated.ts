// What the accuracy protocol asks of a simulator, whichever it is: the official MuJoCo build, the same rounded to float32 or
// spoiled on purpose, or ours. All calls are for a batch; element b of every array belongs to environment b.

import type { CompiledModel } from "../../../src/physics/index.js";

export type Numbers = ArrayLike<number>;

export interface State {
  readonly qpos: Numbers;
  readonly qvel: Numbers;
}

/** A state and the controls at it. */
export interface Situation extends State {
  readonly ctrl: Numbers;
}

export interface ContactRecord {
  readonly geom1: number;
  readonly geom2: number;
  readonly distance: number;
  /** Midway between the surfaces, world. */
  readonly position: Numbers;
  /** From the first geom to the second, world. */
  readonly normal: Numbers;
}

/** What a forward evaluation makes of a situation. */
export interface Evaluation {
  /** [nv · (nv + 1) / 2]: lower triangle by rows. */
  readonly massMatrix: Numbers;
  readonly qfrcBias: Numbers;
  readonly qfrcPassive: Numbers;
  readonly qfrcActuator: Numbers;
  readonly qaccSmooth: Numbers;
  readonly qacc: Numbers;
  /** [nbody, 3]. */
  readonly xpos: Numbers;
  /** Potential and kinetic. */
  readonly energy: Numbers;
  /** Of the origin of the last body, [3, nv] each. */
  readonly jacobian: { readonly linear: Numbers; readonly angular: Numbers };
  readonly contacts: readonly ContactRecord[];
}

/** The little that statistics of an episode need. */
export interface Glance {
  /** Of every contact. */
  readonly distances: readonly number[];
  /** Of the center of all mass. */
  readonly height: number;
  /** Potential and kinetic. */
  readonly energy: Numbers;
}

export interface Simulated {
  /** Puts one environment at each state. */
  begin(states: readonly State[]): void;
  /** `repeat` steps of the model's timestep under constant controls. */
  step(ctrl: readonly Numbers[], repeat: number): void;
  /** Copies. */
  states(): State[];
  /** At the present states; nothing moves. */
  evaluate(ctrl: readonly Numbers[]): Evaluation[];
  glance(): Glance[];
  dispose(): void;
}

/** Makes simulators of MJCF documents. */
export interface Engine {
  readonly name: string;
  load(xml: string): Simulated;
  /** Constants of a document, where the engine has a compiler of its own. */
  compile?(xml: string): CompiledModel;
}
