// TensorFlow.js as it is used: gradients by its own rules, which multiply transposed matrices, and those take its slow path.

import * as tf from "@tensorflow/tfjs-core";
import { type Dense, tfjs } from "./tfjs.js";

const dense: Dense = (x, weight, bias) => tf.fused.matMul({ a: x, b: weight, bias }) as tf.Tensor2D;

export const peer = tfjs("TensorFlow.js Wasm", dense);
