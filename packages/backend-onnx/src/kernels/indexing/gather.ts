import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import { CHECKED_INDICES } from "../../gradients.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { cast } from "../elementwise/cast.ts";
import { compose } from "../tools/composition.ts";
import { assertKnownInRange, checkedIndices } from "./indices.ts";
import { isEmpty, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";
import { transpose } from "./transpose.ts";

const GATHER = operation(
  "GatherV2",
  ({ graph, attributes: { axis } }: EmitContext<{ readonly axis: number }>, x, indices) => [
    "Gather",
    [x, checkedIndices(graph, indices)],
    { axis },
  ],
);

/**
 * The last dimension of the indices holds the coordinates of one element of `x`. The first `batchDims` dimensions
 * match.
 */
const GATHER_ND = operation(
  "GatherNd",
  ({ graph, attributes: { batchDims } }: EmitContext<{ readonly batchDims: number }>, x, indices) => [
    "GatherND",
    [x, checkedIndices(graph, indices)],
    { batch_dims: batchDims },
  ],
);

/** Looks up each index in the list of all indices, which fails for an index out of range. */
const CHECKED = operation(
  CHECKED_INDICES,
  ({ graph, attributes: { limit } }: EmitContext<{ readonly limit: number }>, indices) => {
    const [zero, one] = [graph.scalar(0, "int32"), graph.scalar(1, "int32")];
    const all = graph.apply("Range", [zero, graph.scalar(limit, "int32"), one]);
    return ["Gather", [all, checkedIndices(graph, indices)], { axis: 0 }];
  },
);

export const GATHER_KERNELS: readonly Kernel[] = [
  kernel<tf.GatherV2Inputs, tf.GatherV2Attrs>(tf.GatherV2, ({ x, indices }, { axis, batchDims }, recorder) => {
    const [position = 0] = tf.util.parseAxisParam(axis, x.shape);
    assertKnownInRange(recorder, tf.GatherV2, indices, [x.shape[position] ?? 0]);
    return compose(recorder, (inner) => gather(inner, x, cast(inner, indices, "int32"), position, batchDims));
  }),
  kernel<{ indices: TensorInfo }, { limit: number }>(CHECKED_INDICES, ({ indices }, { limit }, recorder) => {
    assertKnownInRange(recorder, tf.GatherV2, indices, [limit]);
    return compose(recorder, (inner) => {
      const result = { shape: indices.shape, dtype: "int32" } as const;
      return record(inner, CHECKED, [cast(inner, indices, "int32")], result, { limit });
    });
  }),
  kernel<tf.GatherNdInputs>(tf.GatherNd, ({ params, indices }, _, recorder) => {
    const [shape] = tf.backend_util.prepareAndValidate(params, indices);
    assertKnownInRange(recorder, tf.GatherNd, indices, params.shape.slice(0, indices.shape.at(-1)));
    return record(recorder, GATHER_ND, [params, indices], { shape, dtype: elementType(params) }, { batchDims: 0 });
  }),
];

/**
 * Gathers rows of `x` by int32 indices. If the indices are not known during the call, an out-of-range index throws when
 * the result is read.
 */
export function gather(
  recorder: Recorder,
  x: TensorInfo,
  indices: TensorInfo,
  axis: number,
  batchDims = 0,
): TensorInfo {
  const { outputShape: shape } = tf.backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, batchDims);
  if (isEmpty(x.shape) && !isEmpty(shape)) {
    throw new BackendError(
      "unsupported",
      `gather from [${x.shape.join()}] along axis ${axis}: the tensor is empty. Gather from a tensor with elements.`,
    );
  }
  if (batchDims === 0) return record(recorder, GATHER, [x, indices], { shape, dtype: elementType(x) }, { axis });
  return gatherInBatches(recorder, x, indices, axis, batchDims, shape);
}

/** Transposes `x` to [batch, rows, outer, slice], gathers rows in each batch, and transposes back. */
function gatherInBatches(
  recorder: Recorder,
  x: TensorInfo,
  indices: TensorInfo,
  axis: number,
  batchDims: number,
  shape: readonly number[],
): TensorInfo {
  const { batchSize, outerSize, dimSize, sliceSize } = tf.backend_util.segment_util.collectGatherOpShapeInfo(
    x,
    indices,
    axis,
    batchDims,
  );
  const count = tf.util.sizeFromShape(indices.shape) / batchSize;
  const rows = transpose(recorder, recorder.alias(x, [batchSize, outerSize, dimSize, sliceSize]), [0, 2, 1, 3]);
  const positions = recorder.alias(indices, [batchSize, count, 1]);
  const result = { shape: [batchSize, count, outerSize, sliceSize], dtype: elementType(x) };
  const gathered = record(recorder, GATHER_ND, [rows, positions], result, { batchDims: 1 });
  return recorder.alias(transpose(recorder, gathered, [0, 2, 1, 3]), shape);
}
