import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { ONNX_TYPES, elementType } from "../../graph/onnx-type.ts";
import { addAtRows } from "./add-at.ts";
import { expand } from "../elementwise/broadcast.ts";
import { cast } from "../elementwise/cast.ts";
import { compose } from "../tools/composition.ts";
import { fill } from "./fill.ts";
import { assertKnownInRange, checkedCoordinates, checkedIndices } from "./indices.ts";
import { isEmpty, kernel, numberType, operation, record } from "../tools/operation.ts";
import type { OutputNode, OnnxOperation, EmitContext } from "../tools/operation.ts";

const ADD_AT = operation("ScatterNd", emitAddAt);

const PUT_AT: OnnxOperation = {
  ...operation("TensorScatterUpdate", ({ graph }, data, positions, updates) => [
    "ScatterND",
    [data, checkedIndices(graph, positions), updates],
  ]),
  // ONNX Runtime's kernel copies the data unless the result uses the same memory.
  overwrites: 0,
};

const SEGMENT_SUM = operation("UnsortedSegmentSum", emitSegmentSum);

export const SCATTER_KERNELS: readonly Kernel[] = [
  kernel<tf.ScatterNdInputs, tf.ScatterNdAttrs>(tf.ScatterNd, ({ indices, updates }, { shape }, recorder) =>
    compose(recorder, (inner) => {
      const dtype = elementType(updates);
      const added = { shape, dtype: numberType([{ dtype }]) };
      const zeros = fill(inner, shape, 0, added.dtype);
      if (isEmpty(updates.shape)) return cast(inner, zeros, dtype);
      assertKnownPositions(inner, tf.ScatterNd, indices, shape);
      const numbers = cast(inner, updates, added.dtype);
      return cast(inner, record(inner, ADD_AT, [zeros, positionsOf(inner, indices), numbers], added), dtype);
    }),
  ),
  kernel<tf.TensorScatterUpdateInputs>(tf.TensorScatterUpdate, ({ tensor, indices, updates }, _, recorder) => {
    const result = { shape: tensor.shape, dtype: elementType(tensor) };
    if (isEmpty(updates.shape)) return recorder.alias(tensor, result.shape);
    assertKnownPositions(recorder, tf.TensorScatterUpdate, indices, tensor.shape);
    return compose(recorder, (inner) => record(inner, PUT_AT, [tensor, positionsOf(inner, indices), updates], result));
  }),
  kernel<tf.SparseToDenseInputs, tf.SparseToDenseAttrs>(
    tf.SparseToDense,
    ({ sparseIndices, sparseValues, defaultValue }, { outputShape }, recorder) =>
      compose(recorder, (inner) => {
        const { numUpdates } = tf.backend_util.calculateShapes(sparseValues, sparseIndices, outputShape);
        const result = { shape: outputShape, dtype: elementType(sparseValues) };
        const background = expand(inner, cast(inner, defaultValue, result.dtype), outputShape);
        if (isEmpty([numUpdates, ...outputShape])) return background;
        assertKnownPositions(inner, tf.SparseToDense, sparseIndices, outputShape);
        const positions = inner.alias(sparseIndices, [numUpdates, sparseIndices.shape[1] ?? 1]);
        const updates = expand(inner, sparseValues, [numUpdates]);
        return record(inner, PUT_AT, [background, positionsOf(inner, positions), updates], result);
      }),
  ),
  kernel<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>(
    tf.UnsortedSegmentSum,
    ({ x, segmentIds }, { numSegments }, recorder) => segmentSum(recorder, x, segmentIds, numSegments),
  ),
];

/** Row i of the result is the sum of the rows of `x` with id i. Out-of-range ids are ignored, as in TensorFlow. */
export function segmentSum(recorder: Recorder, x: TensorInfo, ids: TensorInfo, segments: number): TensorInfo {
  const shape = [segments, ...x.shape.slice(ids.shape.length)];
  const dtype = numberType([{ dtype: elementType(x) }]);
  if (isEmpty(x.shape)) return fill(recorder, shape, 0, dtype);
  return compose(recorder, (inner) =>
    record(inner, SEGMENT_SUM, [cast(inner, x, dtype), cast(inner, ids, "int32")], { shape, dtype }),
  );
}

/** Rows with an out-of-range id are added to row 0 as zeros. */
function emitSegmentSum({ graph, operands: [rows, ids], result }: EmitContext, x: string, idNames: string): OutputNode {
  const zero = graph.scalar(0, "int32");
  const segments = graph.scalar(result.shape[0] ?? 0, "int32");
  const inside = graph.apply("And", [
    graph.apply("GreaterOrEqual", [idNames, zero]),
    graph.apply("Less", [idNames, segments]),
  ]);
  const rank = (rows?.shape.length ?? 0) - (ids?.shape.length ?? 0);
  const maskShape = graph.int64([...(ids?.shape ?? []), ...Array.from({ length: rank }, () => 1)]);
  const mask = graph.apply("Reshape", [graph.apply("Cast", [inside], { to: ONNX_TYPES[result.dtype] }), maskShape]);
  const positions = graph.apply("Cast", [graph.apply("Where", [inside, idNames, zero])], { to: ONNX_TYPES.int64 });
  const count = tf.util.sizeFromShape([...(ids?.shape ?? [])]);
  const width = tf.util.sizeFromShape(result.shape.slice(1));
  const flat = graph.int64([count, width]);
  const added = addAtRows(
    graph,
    {
      data: graph.apply("Expand", [graph.scalar(0, result.dtype), graph.int64([result.shape[0] ?? 0, width])]),
      rows: positions,
      updates: graph.apply("Reshape", [graph.apply("Mul", [x, mask]), flat]),
      dtype: numberType([result]),
    },
    [result.shape[0] ?? 0, count, width],
  );
  return ["Reshape", [added, graph.int64(result.shape)]];
}

/** Converts indices with several coordinates to row numbers of `data` with its leading dimensions flattened. */
function emitAddAt(
  { graph, operands, result }: EmitContext,
  data: string,
  positionNames: string,
  updates: string,
): OutputNode {
  const shape = operands[1]?.shape ?? [];
  const coordinates = shape.at(-1) ?? 0;
  const [leading, rest] = [result.shape.slice(0, coordinates), result.shape.slice(coordinates)];
  const width = tf.util.sizeFromShape([...rest]);
  const count = tf.util.sizeFromShape(shape.slice(0, -1));
  const inRange = checkedCoordinates(graph, positionNames, leading);
  const strides = leading.map((_, axis) => tf.util.sizeFromShape(leading.slice(axis + 1)));
  const weighted = graph.apply("Mul", [inRange, graph.int64(strides)]);
  const rows = graph.apply("ReduceSum", [weighted, graph.int64([-1])], { keepdims: 0 });
  const added = addAtRows(
    graph,
    {
      data: graph.apply("Reshape", [data, graph.int64([tf.util.sizeFromShape([...leading]), width])]),
      rows,
      updates: graph.apply("Reshape", [updates, graph.int64([count, width])]),
      dtype: numberType([result]),
    },
    [tf.util.sizeFromShape([...leading]), count, width],
  );
  return ["Reshape", [added, graph.int64(result.shape)]];
}

function assertKnownPositions(
  recorder: Recorder,
  kernelName: string,
  positions: TensorInfo,
  shape: readonly number[],
): void {
  const coordinates = positions.shape.length < 2 ? 1 : (positions.shape.at(-1) ?? 1);
  assertKnownInRange(recorder, kernelName, positions, shape.slice(0, coordinates));
}

/** Returns a vector of indices as a list with one coordinate each. */
function positionsOf(recorder: Recorder, indices: TensorInfo): TensorInfo {
  const shape = indices.shape.length === 1 ? [...indices.shape, 1] : indices.shape;
  return cast(recorder, recorder.alias(indices, shape), "int32");
}
