// Checks of tensors that hold rows.

import { wrongKind, wrongValue } from "../check.js";
import type { DType } from "../types.js";
import { Tensor } from "./tensor.js";

/** A tensor with room for `rows` rows of `columns` numbers; larger ones are used from their start. @internal */
export function checkRows(
  op: string,
  name: string,
  tensor: Tensor<DType> | undefined,
  rows: number,
  columns: number,
  dtype: DType = "f32",
): void {
  if (!(tensor instanceof Tensor)) wrongKind(op, name, "a tensor", tensor);
  if (tensor.dtype !== dtype || tensor.size < rows * columns) {
    wrongValue(
      op,
      name,
      `at least ${rows} rows of ${columns} ${dtype}`,
      `${tensor.dtype} [${tensor.shape.join(", ")}]`,
    );
  }
}
