import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { cast } from "../elementwise/cast.ts";
import { compose } from "../tools/composition.ts";
import { isEmpty, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";
import { expandDims } from "./shape.ts";

const CONCAT = operation("Concat", ({ attributes: { axis } }: EmitContext<{ readonly axis: number }>, ...parts) => [
  "Concat",
  parts,
  { axis },
]);

export const CONCAT_KERNELS: readonly Kernel[] = [
  kernel<tf.ConcatInputs, tf.ConcatAttrs>(tf.Concat, (parts, { axis }, recorder) => {
    const [position = 0] = tf.util.parseAxisParam(axis, parts[0]?.shape ?? []);
    tf.backend_util.assertParamsConsistent(
      parts.map(({ shape }) => shape),
      position,
    );
    return compose(recorder, (inner) => concat(inner, parts, position));
  }),
  kernel<tf.PackInputs, tf.PackAttrs>(tf.Pack, (parts, { axis }, recorder) =>
    compose(recorder, (inner) => {
      assertAlike(parts);
      const position = axis < 0 ? axis + (parts[0]?.shape.length ?? 0) + 1 : axis;
      return concat(
        inner,
        parts.map((part) => expandDims(inner, part, position)),
        position,
      );
    }),
  ),
];

function assertAlike([first, ...others]: readonly TensorInfo[]): void {
  if (first === undefined) return;
  for (const { shape, dtype } of others) {
    tf.util.assertShapesMatch(first.shape, shape, "All tensors passed to stack must have matching shapes. ");
    tf.util.assert(
      first.dtype === dtype,
      () => `stack of ${first.dtype} and ${dtype}: cast them to the same dtype first.`,
    );
  }
}

/**
 * Concatenates tensors, whose shapes may differ only along `axis`. The result has the dtype of the first part with
 * elements.
 */
function concat(recorder: Recorder, parts: readonly TensorInfo[], axis: number): TensorInfo {
  const shape = tf.backend_util.computeOutShape(
    parts.map((part) => part.shape),
    axis,
  );
  const present = parts.filter((part) => !isEmpty(part.shape));
  const counted = present.length === 0 ? parts : present;
  const dtype = counted[0]?.dtype ?? "float32";
  const filled = counted.map((part) => (part.dtype === dtype ? part : cast(recorder, part, elementType({ dtype }))));
  const [only, ...others] = present.length === 0 ? filled.slice(0, 1) : filled;
  if (only !== undefined && others.length === 0) return recorder.alias(only, shape);
  return record(
    recorder,
    CONCAT,
    filled,
    { shape, dtype: only === undefined ? "float32" : elementType(only) },
    { axis },
  );
}
