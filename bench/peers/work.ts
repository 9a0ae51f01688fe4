// The work that every side does: five networks [24, 200, 200, 200, 200, 36] with swish, PETS's for half-cheetah. Inference is
// their outputs; a training step is the Gaussian likelihood of bounded log-variance, its gradient, and Adam. All sides get
// the same weights and rows as plain arrays, and no side is timed before it has shown that it computes the same.

export const MEMBERS = 5;
export const LAYERS = [24, 200, 200, 200, 200, 36] as const;
/** Length of a target: half of the outputs are means, half raw log-variances r. */
export const TARGETS = LAYERS[LAYERS.length - 1]! / 2;
/** lv = min + softplus(t − min), t = max − softplus(max − r); the loss is the mean of (μ − y)² e^−lv + lv. */
export const BOUNDS = { max: 0.5, min: -10 } as const;
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Rows are per network. */
export const works = [
  { name: "train 32", kind: "training", rows: 32 },
  { name: "train 256", kind: "training", rows: 256 },
  { name: "train 2048", kind: "training", rows: 2048 },
  { name: "infer 4000", kind: "inference", rows: 4000 },
] as const;

/** Of one layer of one network: weights [in, out], row-major, and biases [out]; or their gradients. */
export interface LayerArrays {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** All of it, by member: layers from the input to the output, rows [rows, 24], targets [rows, 18]. */
export interface Problem {
  readonly rows: number;
  readonly networks: readonly (readonly LayerArrays[])[];
  readonly inputs: readonly Float32Array[];
  readonly targets: readonly Float32Array[];
}

/** All five networks, once per `run`. */
export interface Inference {
  run(): unknown;
  /** Outputs [rows, 36] of each member. */
  outputs(): Promise<Float32Array[]>;
}

/** One step of all five networks, once per `run`. A peer without an optimizer computes the gradients only. */
export interface Training {
  run(): unknown;
  /** Loss of each member in the last run, before its update. */
  losses?(): Promise<number[]>;
  /** Gradients at the weights of the problem. */
  gradients?(): Promise<LayerArrays[][]>;
}

/** What a `<peer>.peer.ts` exports. */
export interface Peer {
  /** Name and version. */
  readonly name: string;
  inference?(problem: Problem): Promise<Inference>;
  training?(problem: Problem): Promise<Training>;
}

const TOLERANCE = 1e-3;

/** Throws unless the outputs agree, relative to the largest of a network. */
export async function checkInference(ours: Inference, peer: Inference): Promise<void> {
  const [mine, theirs] = [await ours.outputs(), await peer.outputs()];
  for (const [e, output] of mine.entries()) near(`outputs of network ${e}`, theirs[e]!, output);
}

/** Throws unless the gradients agree, relative to the largest of an array, or the losses of three steps do. */
export async function checkTraining(ours: Training, peer: Training): Promise<void> {
  if (!peer.gradients && !peer.losses) throw new Error("nothing to hold the training step against");
  if (peer.gradients) {
    const [mine, theirs] = [await ours.gradients!(), await peer.gradients()];
    mine.forEach((layers, e) => {
      layers.forEach(({ weight, bias }, l) => {
        near(`gradient of weights ${l} of network ${e}`, theirs[e]![l]!.weight, weight);
        near(`gradient of biases ${l} of network ${e}`, theirs[e]![l]!.bias, bias);
      });
    });
  }
  if (peer.losses) {
    for (let step = 0; step < 3; step++) {
      await ours.run();
      await peer.run();
      near(`losses of step ${step}`, await peer.losses(), await ours.losses!());
    }
  }
}

function near(what: string, theirs: ArrayLike<number>, mine: ArrayLike<number>): void {
  if (theirs.length !== mine.length) throw new Error(`${what}: ${theirs.length} numbers, not ${mine.length}`);
  const largest = Array.from(mine).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < mine.length; i++) {
    if (!(Math.abs(theirs[i]! - mine[i]!) <= TOLERANCE * largest)) {
      throw new Error(`${what} differ: number ${i} is ${theirs[i]}, ours ${mine[i]}, the largest ${largest}`);
    }
  }
}
