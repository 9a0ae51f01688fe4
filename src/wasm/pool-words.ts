// The words that threads share, as indexes into the memory's 32-bit words: assembly/parallel/words.ts has their addresses and
// what they mean.

export const LEFT = 16;
export const DONE = 32;
export const SLEEPERS = 64;
export const WAKE = 80;
export const FAILED = 96;
export const STOP = 97;
/** Workers at work or asleep; kernels do not look at it. */
export const UP = 98;
export const SPIN = 99;
export const MAY_SLEEP = 100;
export const PATIENCE = 101;
/** What a kernel that trapped in a worker said: UTF-8, ended by a zero. */
export const TEXT = 112;
export const TEXT_BYTES = 512;
/** One word for each thread, a cache line apart. */
export const RUNNING = 256;
export const LINE = 16;
/** Threads for which there is room below the constants. */
export const MAX_THREADS = 64;
