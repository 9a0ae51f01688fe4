// The ABI: every kernel that the host can call, and nothing else.
// Arguments: outputs, inputs, sizes, as byte addresses and element counts.

export { heap_base } from "./memory";
