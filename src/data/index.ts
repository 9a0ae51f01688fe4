// Recorded experience.

export { createReplayBuffer, type ReplayBuffer, type ReplayBufferOptions, type Transition } from "./replay-buffer.js";
export { createTransitionBatch, type TransitionBatch } from "./transition-batch.js";
