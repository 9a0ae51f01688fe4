// TensorFlow.js as someone may use it who knows its slow path: a layer with a gradient of its own, which transposes first and
// then multiplies by the fast path.

import * as tf from "@tensorflow/tfjs-core";
import { type Dense, tfjs } from "./tfjs.js";
import type { Peer } from "./work.js";

const dense = tf.customGrad((...args) => {
  const [x, weight, bias, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
  save([x, weight]);
  return {
    value: tf.fused.matMul({ a: x, b: weight, bias }),
    gradFunc: (dz: tf.Tensor, [x, weight]: tf.Tensor[]) => [
      tf.matMul(dz, tf.transpose(weight!)),
      tf.matMul(tf.transpose(x!), dz),
      tf.sum(dz, 0),
    ],
  };
}) as Dense;

const { name, training } = tfjs("TensorFlow.js Wasm with transposes", dense);
export const peer: Peer = { name, training };
