// Recorded experience.

export { createReplayBuffer, type ReplayBuffer, type ReplayBufferOptions, type Transition } from "./replay-buffer.js";
export { createTransitionBatch, sampleTransitions, type TransitionBatch } from "./transition-batch.js";
