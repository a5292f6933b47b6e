/** A part of a strided tensor that is small enough to be read at once. */
export interface Block {
  /** Position of the block's first element in the file, in elements after the tensor's first element. */
  readonly start: number;
  /** Number of elements in the file from the block's first to its last element. */
  readonly length: number;
  /** Row-major index of the block's first element in the tensor. */
  readonly target: number;
  readonly axes: readonly Axis[];
}

interface Axis {
  readonly size: number;
  /** Distance in the file between consecutive indices of the axis, in elements. */
  readonly stride: number;
  /** Distance in the row-major tensor between consecutive indices of the axis, in elements. */
  readonly step: number;
}

/** Returns the strides of a row-major tensor, in elements. */
export function rowMajorStrides(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => elementsOf(shape.slice(axis + 1)));
}

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Splits a tensor into blocks of at most `longest` elements in the file, in the order of the file. */
export function blocksOf(
  shape: readonly number[],
  strides: readonly number[],
  longest: number,
): Generator<Block, void, undefined> {
  const steps = rowMajorStrides(shape);
  const axes = shape
    .map((size, axis) => ({ size, stride: strides[axis] ?? 0, step: steps[axis] ?? 0 }))
    .filter(({ size }) => size !== 1)
    .toSorted((one, other) => other.stride - one.stride);
  return split({ start: 0, target: 0, axes }, longest);
}

function* split({ start, target, axes }: Omit<Block, "length">, longest: number): Generator<Block, void, undefined> {
  const [first, ...rest] = axes;
  if (!first) return yield { start, target, axes, length: 1 };
  const length = spanOf(rest);
  const { size, stride, step } = first;
  // The number of indices of the axis with the largest stride that fit into `longest`.
  const many = stride === 0 ? size : Math.floor((longest - length) / stride) + 1;
  for (let index = 0; index < size; index += Math.max(many, 1)) {
    const place = { start: start + index * stride, target: target + index * step };
    if (many < 1) yield* split({ ...place, axes: rest }, longest);
    else {
      const count = Math.min(many, size - index);
      yield { ...place, axes: [{ ...first, size: count }, ...rest], length: length + (count - 1) * stride };
    }
  }
}

/** Returns the number of elements in the file from the first to the last element. */
function spanOf(axes: readonly Axis[]): number {
  return axes.reduce((span, { size, stride }) => span + Math.max(size - 1, 0) * stride, 1);
}

/** Copies a block's elements from `from`, in the order of the file, to their row-major positions in the tensor `to`. */
export function scatter<Values extends Float32Array | Int32Array>(from: Values, to: Values, block: Block): void {
  const { axes } = block;
  const put = (depth: number, source: number, target: number): void => {
    const axis = axes[depth];
    if (!axis) {
      to[target] = from[source] ?? 0;
      return;
    }
    const { size, stride, step } = axis;
    const innermost = depth === axes.length - 1;
    for (let index = 0; index < size; index++) {
      if (innermost) to[target + index * step] = from[source + index * stride] ?? 0;
      else put(depth + 1, source + index * stride, target + index * step);
    }
  };
  put(0, 0, block.target);
}
