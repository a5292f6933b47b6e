import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { compose } from "../tools/composition.ts";
import { fill } from "./fill.ts";
import { isEmpty, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

const PAD = operation(
  "PadV2",
  ({ graph, attributes: { before, after, value }, result }: EmitContext<PadAttributes>, x) => [
    "Pad",
    [x, graph.int64([...before, ...after]), graph.scalar(value, result.dtype)],
  ],
);

/** Gathers the elements at `positions` of one axis. */
const TAKE = operation(
  "Take",
  (
    {
      graph,
      attributes: { axis, positions },
    }: EmitContext<{ readonly axis: number; readonly positions: readonly number[] }>,
    x,
  ) => ["Gather", [x, graph.int64(positions)], { axis }],
);

export const PAD_KERNELS: readonly Kernel[] = [
  kernel<tf.PadV2Inputs, tf.PadV2Attrs>(tf.PadV2, ({ x }, { paddings, constantValue }, recorder) =>
    pad(recorder, x, paddings, constantValue),
  ),
  kernel<tf.MirrorPadInputs, tf.MirrorPadAttrs>(tf.MirrorPad, ({ x }, { paddings, mode }, recorder) => {
    assertPaddings("mirrorPad", x, paddings);
    const edge = mode === "reflect" ? 1 : 0;
    return compose(recorder, (inner) =>
      paddings.reduce(
        (padded, [before, after], axis) => {
          const length = x.shape[axis] ?? 0;
          if (before + after === 0) return padded;
          if (Math.max(before, after) > length - edge) throw beyondMirror(x, axis, [before, after]);
          return take(inner, padded, axis, mirrored(length, before, after, edge));
        },
        inner.alias(x, x.shape),
      ),
    );
  }),
];

type Paddings = readonly (readonly [before: number, after: number])[];

function assertPaddings(name: string, x: TensorInfo, paddings: Paddings): void {
  const areCounts = paddings.every((pair) => pair.every((count) => Number.isSafeInteger(count) && count >= 0));
  if (paddings.length === x.shape.length && areCounts) return;
  throw new BackendError(
    "unsupported",
    `${name}: ${paddings.length} paddings ${JSON.stringify(paddings)} for a tensor of shape [${x.shape.join()}]; ` +
      "pass one pair of whole numbers, 0 or more, for each axis.",
  );
}

function beyondMirror(x: TensorInfo, axis: number, [before, after]: readonly [number, number]): BackendError {
  return new BackendError(
    "unsupported",
    `mirrorPad: axis ${axis} of shape [${x.shape.join()}] is too short to mirror ${before} elements before and ${after} after. ` +
      "Use a smaller padding.",
  );
}

/** Pads `x` with `value`. `paddings` are the numbers of elements before and after each axis. */
export function pad(recorder: Recorder, x: TensorInfo, paddings: Paddings, value = 0): TensorInfo {
  assertPaddings("pad", x, paddings);
  const [before, after] = [paddings.map(([first]) => first), paddings.map(([, second]) => second)];
  const shape = x.shape.map((length, axis) => length + (before[axis] ?? 0) + (after[axis] ?? 0));
  if (tf.util.arraysEqual(shape, x.shape)) return recorder.alias(x, shape);
  if (isEmpty(x.shape)) return fill(recorder, shape, value, elementType(x));
  return record(recorder, PAD, [x], { shape, dtype: elementType(x) }, { before, after, value });
}

/** Returns the elements of one axis at `positions`, which are constants of the graph. */
function take(recorder: Recorder, x: TensorInfo, axis: number, positions: readonly number[]): TensorInfo {
  return record(
    recorder,
    TAKE,
    [x],
    { shape: x.shape.with(axis, positions.length), dtype: elementType(x) },
    { axis, positions },
  );
}

/** Returns positions that extend an axis by its mirror image. `edge` is 1 if the outermost element is not repeated. */
function mirrored(length: number, before: number, after: number, edge: 0 | 1): number[] {
  const ahead = Array.from({ length: before }, (_, index) => before - 1 - index + edge);
  const behind = Array.from({ length: after }, (_, index) => length - 1 - index - edge);
  return [...ahead, ...Array.from({ length }, (_, index) => index), ...behind];
}
