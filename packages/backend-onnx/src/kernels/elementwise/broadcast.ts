import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ElementType, Value } from "../../graph/graph.ts";
import type { Operand, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { compose } from "../tools/composition.ts";
import { isEmpty, operation, record } from "../tools/operation.ts";
import type { OnnxOperation } from "../tools/operation.ts";

export function expand(recorder: Recorder, source: TensorInfo, shape: readonly number[]): TensorInfo {
  if (tf.util.sizeFromShape(source.shape) === tf.util.sizeFromShape([...shape])) return recorder.alias(source, shape);
  return record(recorder, EXPAND, [compact(recorder, source)], { shape, dtype: elementType(source) });
}

/**
 * Records an elementwise operation. For an operand that is a pending broadcast (from gradients of sums and means,
 * `ones`, `broadcastTo`), the source of the broadcast is used, so the broadcast often never runs.
 */
export function elementwise<A extends object>(
  recorder: Recorder,
  recorded: OnnxOperation<A>,
  operands: readonly TensorInfo[],
  dtype: ElementType,
  attributes?: A,
): TensorInfo {
  const shape = broadcastShape(operands);
  if (isEmpty(shape)) return record(recorder, recorded, operands, { shape, dtype }, attributes);
  const sources = operands.map((operand) => compact(recorder, operand));
  const compactShape = broadcastShape(sources);
  if (sameShape(compactShape, shape)) return record(recorder, recorded, sources, { shape, dtype }, attributes);
  return compose(recorder, (inner) =>
    expand(inner, record(inner, recorded, sources, { shape: compactShape, dtype }, attributes), shape),
  );
}

/** Returns the source of a pending broadcast; otherwise the operand itself. */
function compact(recorder: Recorder, operand: TensorInfo): Operand {
  return repeated(recorder.value(operand)) ?? operand;
}

const EXPAND = operation("Expand", ({ graph, result }, x) => ["Expand", [x, graph.int64(result.shape)]]);

function repeated(value: Value): Value | undefined {
  return value.producer?.operation === EXPAND ? value.producer.inputs[0] : undefined;
}

function broadcastShape([first, ...others]: readonly Operand[]): readonly number[] {
  return others.reduce(
    (shape, { shape: other }) => (sameShape(shape, other) ? shape : broadcastShapes(shape, other)),
    first?.shape ?? [],
  );
}

function broadcastShapes(left: readonly number[], right: readonly number[]): readonly number[] {
  return tf.broadcast_util.assertAndGetBroadcastShape([...left], [...right]);
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((length, axis) => length === right[axis]);
}
