export { checkRows } from "../wasm/index.js";
