import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { ONNX_TYPES, elementType } from "../../graph/onnx-type.ts";
import { cast } from "../elementwise/cast.ts";
import { compose } from "../tools/composition.ts";
import { kernel, numberType, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitContext } from "../tools/operation.ts";

interface OneHotAttributes {
  readonly onValue: number;
  readonly offValue: number;
}

const ONE_HOT = operation("OneHot", emitOneHot);

export const ONE_HOT_KERNELS: readonly Kernel[] = [
  kernel<tf.OneHotInputs, tf.OneHotAttrs>(tf.OneHot, ({ indices }, { depth, onValue, offValue, dtype }, recorder) =>
    compose(recorder, (inner) => {
      const count = tf.util.sizeFromShape(indices.shape);
      const flat = inner.alias(cast(inner, indices, "int32"), [count]);
      const result = { shape: [count, depth], dtype: numberType([{ dtype: elementType({ dtype }) }]) };
      const rows = record(inner, ONE_HOT, [flat], result, { onValue, offValue });
      return cast(inner, inner.alias(rows, [...indices.shape, depth]), elementType({ dtype }));
    }),
  ),
];

/**
 * Writes one value into each row of a constant, because ONNX's OneHot is four times slower. For an out-of-range index,
 * `offValue` is written to the first column, which leaves the row unchanged.
 */
function emitOneHot(
  { graph, attributes: { onValue, offValue }, result }: EmitContext<OneHotAttributes>,
  indices: string,
): OutputNode {
  const [count = 0, depth = 0] = result.shape;
  const zero = graph.scalar(0, "int32");
  const inside = graph.apply("And", [
    graph.apply("GreaterOrEqual", [indices, zero]),
    graph.apply("Less", [indices, graph.scalar(depth, "int32")]),
  ]);
  const columns = graph.apply("Cast", [graph.apply("Where", [inside, indices, zero])], { to: ONNX_TYPES.int64 });
  const rows = graph.apply("Range", [graph.int64Scalar(0), graph.int64Scalar(count), graph.int64Scalar(1)]);
  const column = graph.int64([count, 1]);
  const positions = graph.apply(
    "Concat",
    [rows, columns].map((list) => graph.apply("Reshape", [list, column])),
    { axis: 1 },
  );
  const values = graph.apply("Where", [
    inside,
    graph.scalar(onValue, result.dtype),
    graph.scalar(offValue, result.dtype),
  ]);
  const background = graph.apply("Expand", [graph.scalar(offValue, result.dtype), graph.int64(result.shape)]);
  return ["ScatterND", [background, positions, values]];
}
