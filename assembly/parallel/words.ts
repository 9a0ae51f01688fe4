// What the threads of a runtime share: the only state in the memory that kernels keep. It lies at fixed addresses below the
// binary's constants (reserve.ts), where every thread finds it; src/wasm/pool-words.ts has the same
// numbers. Each hot word has a cache line of 64 bytes to itself.

/** Tasks of the region that nobody has claimed, counted down; below 1: none. */
export const LEFT: usize = 64;
/** Tasks of the region that have ended. */
export const DONE: usize = 128;
/** The region: kind, address of arguments, number after its last task. Constant from its first task to its last. */
export const KIND: usize = 192;
export const ARGS: usize = 196;
export const LAST: usize = 200;
/** Workers that sleep, and the word they sleep on: it changes when they are woken. */
export const SLEEPERS: usize = 256;
export const WAKE: usize = 320;
/** Not 0: the thread that failed (−1: one that has gone silent), so that nobody waits for it. */
export const FAILED: usize = 384;
/** Not 0: workers are to leave. */
export const STOP: usize = 388;
/** Rounds that a thread spins before it sleeps. Written by the host. */
export const SPIN: usize = 396;
/** Not 0: every thread may sleep, that of the caller too. Written by the host. */
export const MAY_SLEEP: usize = 400;
/** Microseconds without the end of any task after which a thread is taken for dead. Written by the host. */
export const PATIENCE: usize = 404;
/** A line for each thread: 1 while it runs a task. */
export const RUNNING: usize = 1024;
