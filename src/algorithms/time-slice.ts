// Lets the event loop breathe during long computations, so that aborts, timers and a page's clicks are served.

// how long a computation may hold the thread, in milliseconds
const SLICE = 12;

// a macrotask: promises alone would never let timers run; browsers' setTimeout waits 4 ms, a message does not
function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });
}

/** Returns a function to await often: it gives up the thread once a time slice is used, and throws once `signal` aborts. */
export function timeSlices(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let started = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - started < SLICE) return undefined;
    return nextTurn().then(() => {
      started = performance.now();
      signal?.throwIfAborted();
    });
  };
}
