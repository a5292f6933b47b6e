import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { expand } from "../elementwise/broadcast.ts";
import { constant, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";

const TILE = operation("Tile", ({ graph, attributes }: EmitContext<{ readonly repetitions: readonly number[] }>, x) => [
  "Tile",
  [x, graph.int64(attributes.repetitions)],
]);

export const TILE_KERNELS: readonly Kernel[] = [
  kernel<tf.TileInputs, tf.TileAttrs>(tf.Tile, ({ x }, { reps }, recorder) => tile(recorder, x, reps)),
  kernel<tf.BroadcastToInputs, tf.BroadCastToAttrs>(tf.BroadcastTo, ({ x }, { shape }, recorder) =>
    expand(recorder, x, shape),
  ),
  // The operands are shapes. The shape of the result depends on their data.
  kernel<tf.BroadcastArgsInputs>(tf.BroadcastArgs, ({ s0, s1 }, _, recorder) => {
    const [left, right] = [s0, s1].map(({ dataId }) => Array.from(recorder.readSync(dataId)));
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(left ?? [], right ?? []);
    return constant(recorder, shape, { shape: [shape.length], dtype: "int32" });
  }),
];

/** tfjs-core expresses broadcasting as repetition of dimensions of size 1. */
function tile(recorder: Recorder, x: TensorInfo, repetitions: readonly number[]): TensorInfo {
  const shape = x.shape.map((length, axis) => length * (repetitions[axis] ?? 1));
  if (x.shape.every((length, axis) => length === 1 || repetitions[axis] === 1)) return expand(recorder, x, shape);
  return record(recorder, TILE, [x], { shape, dtype: elementType(x) }, { repetitions });
}
