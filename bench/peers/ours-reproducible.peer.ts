// This project with reproducible numerics: held against `--numerics fast` it says what the same bits in every engine cost,
// and against itself how far the figures of this bench are to be believed.

import { loadRuntime } from "../../src/wasm/index.js";
import * as ours from "./ours.js";
import type { Peer } from "./work.js";

const runtime = await loadRuntime({ numerics: "reproducible", threads: 1 });

export const peer: Peer = {
  name: "ours, reproducible",
  inference: async (problem) => ours.inference(runtime, problem),
  training: async (problem) => ours.training(runtime, problem),
};
