// Writes an ONNX model of a multi-layer perceptron with swish: a Gemm per layer, Sigmoid and Mul between them. Fields are
// numbered as in onnx.proto3; a protocol buffer is a sequence of (field and kind, value).

import { type LayerArrays, LAYERS } from "./work.js";

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1;

/** A model of inputs `x` [rows, in] and outputs `y` [rows, out]. */
export function onnxModel(network: readonly LayerArrays[], rows: number): Uint8Array {
  const nodes: Uint8Array[] = [];
  const initializers: Uint8Array[] = [];
  let input = "x";
  for (const [l, { weight, bias }] of network.entries()) {
    const last = l + 1 === network.length;
    initializers.push(tensor(`w${l}`, [LAYERS[l]!, LAYERS[l + 1]!], weight), tensor(`b${l}`, [LAYERS[l + 1]!], bias));
    const sum = last ? "y" : `z${l}`;
    nodes.push(node("Gemm", [input, `w${l}`, `b${l}`], sum));
    if (last) break;
    nodes.push(node("Sigmoid", [sum], `s${l}`), node("Mul", [sum, `s${l}`], `a${l}`));
    input = `a${l}`;
  }
  const graph = message(
    ...nodes.map((bytes) => field(1, bytes)),
    text(2, "mlp"),
    ...initializers.map((bytes) => field(5, bytes)),
    field(11, value("x", [rows, LAYERS[0]])),
    field(12, value("y", [rows, LAYERS[LAYERS.length - 1]!])),
  );
  return message(number(1, IR_VERSION), field(7, graph), field(8, message(number(2, OPSET))));
}

function node(operator: string, inputs: readonly string[], output: string): Uint8Array {
  return message(...inputs.map((name) => text(1, name)), text(2, output), text(3, output), text(4, operator));
}

function tensor(name: string, shape: readonly number[], data: Float32Array): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(...shape.map((size) => number(1, size)), number(2, FLOAT), text(8, name), field(9, raw));
}

function value(name: string, shape: readonly number[]): Uint8Array {
  const sizes = message(...shape.map((size) => field(1, message(number(1, size)))));
  return message(text(1, name), field(2, message(field(1, message(number(1, FLOAT), field(2, sizes))))));
}

function number(id: number, n: number): Uint8Array {
  return Uint8Array.from([...varint(id << 3), ...varint(n)]);
}

function text(id: number, characters: string): Uint8Array {
  return field(id, new TextEncoder().encode(characters));
}

function field(id: number, bytes: Uint8Array): Uint8Array {
  return message(Uint8Array.from([...varint((id << 3) | 2), ...varint(bytes.length)]), bytes);
}

function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(fields));
}

function varint(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)];
}
