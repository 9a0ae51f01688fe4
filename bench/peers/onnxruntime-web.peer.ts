// onnxruntime-web on its WebAssembly backend, one thread, a session per network. It does not train.

import * as ort from "onnxruntime-web";
import { onnxModel } from "./onnx.js";
import { LAYERS, type Peer } from "./work.js";

ort.env.wasm.numThreads = 1;

export const peer: Peer = {
  name: `onnxruntime-web ${ort.env.versions.web}`,

  async inference({ rows, networks, inputs }) {
    const sessions: ort.InferenceSession[] = [];
    for (const network of networks) {
      const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all" } as const;
      sessions.push(await ort.InferenceSession.create(onnxModel(network, rows), options));
    }
    const xs = inputs.map((x) => new ort.Tensor("float32", x, [rows, LAYERS[0]]));
    const run = async (): Promise<Float32Array[]> => {
      const values: Float32Array[] = [];
      for (const [e, session] of sessions.entries()) {
        const { y } = await session.run({ x: xs[e]! });
        values.push(y!.data as Float32Array);
      }
      return values;
    };
    return { run, outputs: run };
  },
};
