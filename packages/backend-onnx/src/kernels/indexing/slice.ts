import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { compose } from "../tools/composition.ts";
import { kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";

/**
 * A selection on one axis: every `step`-th element, beginning at `start`, `length` elements in all. A negative step
 * goes backwards.
 */
interface Selection {
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

interface SliceAttributes {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
}

/** The end of a backward selection that includes the first element. In ONNX, -1 is the last element. */
const BEFORE_FIRST = -(2 ** 31);

const SLICE = operation(
  "Slice",
  ({ graph, attributes: { starts, ends, axes, steps } }: EmitContext<SliceAttributes>, x) => [
    "Slice",
    [x, ...[starts, ends, axes, steps].map((numbers) => graph.int64(numbers))],
  ],
);

export const SLICE_KERNELS: readonly Kernel[] = [
  kernel<tf.SliceInputs, tf.SliceAttrs>(tf.Slice, ({ x }, { begin, size }, recorder) => {
    const [begins = [], sizes = []] = tf.slice_util.parseSliceParams(x, begin, size);
    return slice(recorder, x, begins, sizes);
  }),
  kernel<tf.StridedSliceInputs, tf.StridedSliceAttrs>(tf.StridedSlice, ({ x }, attributes, recorder) =>
    stridedSlice(recorder, x, attributes),
  ),
  kernel<tf.ReverseInputs, tf.ReverseAttrs>(tf.Reverse, ({ x }, { dims }, recorder) =>
    reverse(recorder, x, tf.util.parseAxisParam(dims, x.shape)),
  ),
  kernel<tf.SplitVInputs, tf.SplitVAttrs>(tf.SplitV, ({ x }, { numOrSizeSplits, axis }, recorder) => {
    const [position = 0] = tf.util.parseAxisParam(axis, x.shape);
    return split(recorder, x, tf.backend_util.prepareSplitSize(x, numOrSizeSplits, position), position);
  }),
  kernel<tf.UnpackInputs, tf.UnpackAttrs>(tf.Unpack, ({ value }, { axis }, recorder) => {
    const [position = 0] = tf.util.parseAxisParam(axis, value.shape);
    return unpack(recorder, value, position);
  }),
];

/** Throws unless the block is inside the tensor. tfjs checks only the end of the block. */
function assertInside(x: TensorInfo, begins: readonly number[], sizes: readonly number[]): void {
  const { shape } = x;
  const isInside = (length: number, axis: number): boolean => {
    const [begin = 0, size = NaN] = [begins[axis], sizes[axis]];
    return Number.isInteger(begin) && Number.isInteger(size) && begin >= 0 && size >= 0 && begin + size <= length;
  };
  if (begins.length <= shape.length && sizes.length === shape.length && shape.every(isInside)) return;
  throw new BackendError(
    "unsupported",
    `slice from [${begins.join()}] of size [${sizes.join()}] does not fit into shape [${shape.join()}]. Begin at whole numbers, ` +
      "0 or more, and end within the tensor; a size of -1 means the rest.",
  );
}

/** Returns the block of shape `sizes` that begins at `begins`. */
export function slice(
  recorder: Recorder,
  x: TensorInfo,
  begins: readonly number[],
  sizes: readonly number[],
): TensorInfo {
  assertInside(x, begins, sizes);
  return select(
    recorder,
    x,
    sizes.map((length, axis) => ({ start: begins[axis] ?? 0, length, step: 1 })),
  );
}

/** Returns one tensor for each of `sizes` along `axis`. Parts that are never read are not computed. */
function split(recorder: Recorder, x: TensorInfo, sizes: readonly number[], axis: number): TensorInfo[] {
  let start = 0;
  return sizes.map((size) => {
    const begins = x.shape.map((_, position) => (position === axis ? start : 0));
    start += size;
    return slice(recorder, x, begins, x.shape.with(axis, size));
  });
}

function unpack(recorder: Recorder, x: TensorInfo, axis: number): TensorInfo[] {
  const parts = split(
    recorder,
    x,
    Array.from({ length: x.shape[axis] ?? 0 }, () => 1),
    axis,
  );
  return parts.map((part) => {
    const squeezed = recorder.alias(part, part.shape.toSpliced(axis, 1));
    recorder.disposeIntermediate(part);
    return squeezed;
  });
}

function reverse(recorder: Recorder, x: TensorInfo, axes: readonly number[]): TensorInfo {
  const selections = x.shape.map((length, axis) =>
    axes.includes(axis) ? { start: length - 1, length, step: -1 } : { start: 0, length, step: 1 },
  );
  return select(recorder, x, selections);
}

function stridedSlice(recorder: Recorder, x: TensorInfo, attributes: tf.StridedSliceAttrs): TensorInfo {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes;
  const info = tf.slice_util.sliceInfo(
    x.shape,
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  const selections = info.strides.map((step, axis) => {
    const [start = 0, stop = 0] = [info.begin[axis], info.end[axis]];
    return { start, length: Math.max(0, Math.ceil((stop - start) / step)), step };
  });
  return compose(recorder, (inner) => inner.alias(select(inner, x, selections), info.finalShape));
}

function select(recorder: Recorder, x: TensorInfo, selections: readonly Selection[]): TensorInfo {
  const shape = selections.map(({ length }) => length);
  const axes = selections.flatMap(({ length, step }, axis) => (step === 1 && length === x.shape[axis] ? [] : [axis]));
  if (axes.length === 0) return recorder.alias(x, shape);
  const chosen = axes.flatMap((axis) => selections[axis] ?? []);
  const starts = chosen.map(({ start }) => start);
  const ends = chosen.map(({ start, length, step }) => {
    const end = start + length * step;
    return end < 0 ? BEFORE_FIRST : end;
  });
  const steps = chosen.map(({ step }) => step);
  return record(recorder, SLICE, [x], { shape, dtype: elementType(x) }, { axes, starts, ends, steps });
}
