// Room for what threads share (words.ts), before any constant: this file is the first that assembly/index.ts imports, so the
// compiler gives it the first addresses. (The option `memoryBase` would do it too, but then Binaryen folds constants into
// the addresses of loads and stores, and V8 no longer joins neighboring vectors.)

const START: usize = 1024;
const BYTES: i32 = 7168;

const room = memory.data(BYTES, 64);

/** True when the room is where words.ts takes it to be; held by a test. */
export function pool_room(): bool {
  return room == START;
}
