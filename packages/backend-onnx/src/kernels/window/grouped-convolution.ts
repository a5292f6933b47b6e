import type { GraphEmitter } from "../../graph/graph.ts";
import { addTerms } from "../elementwise/add-terms.ts";
import { blockOf, LONGEST_RUN, longReduction } from "../reduction/long-sum.ts";
import type { OutputNode, EmitContext } from "../tools/operation.ts";
import type { Window } from "./window.ts";

/** Channels are split into `group` independent groups; 1 is a plain convolution. */
export interface GroupedWindow extends Window {
  readonly group: number;
}

/**
 * `longest`: number of weights per window beyond which the error exceeds 1e-5, measured on ONNX Runtime's kernels.
 * `block`: number of weights added at a time beyond this. ONNX Runtime's matrix kernels already add in blocks; its
 * vector kernels (one filter per group, or one position) do not.
 */
const VECTOR = { longest: 2 ** 12, block: 2048 };
const MATRIX = { longest: 2 ** 20, block: 2 ** 14 };
/**
 * A GPU's kernels add one product at a time, so the error grows with the number of weights: at `longest`, it is about
 * 1e-4 if all numbers are similar.
 */
const ON_DEVICE = { longest: 2 ** 14, block: 1024 };

/** `count` blocks of `size` along a filter axis, beginning at `start`. */
interface AxisBlocks {
  readonly start: number;
  readonly count: number;
  readonly size: number;
}

/**
 * Writes the convolution of `x` [batch, group * channels, height, width] with `filter` [filters, channels, rows,
 * columns]. A filter with many weights, as in gradients of filters, is split into blocks. Each block is a group, and
 * the results of all blocks are added.
 */
export function emitConvolution(context: EmitContext<GroupedWindow>, x: string, filter: string): OutputNode {
  const { graph, operands, attributes, result } = context;
  const { strides, dilations, pads, group } = attributes;
  const [filters = 1, channels = 1, rows = 1, columns = 1] = operands[1]?.shape ?? [];
  const [, , outHeight = 1, outWidth = 1] = result.shape;
  const isVector = filters === group || outHeight * outWidth === 1;
  const { longest, block } = isVector ? VECTOR : graph.float64 ? MATRIX : ON_DEVICE;
  if (channels * rows * columns <= longest) return ["Conv", [x, filter], { strides, dilations, pads, group }];

  const inChannels = cut(channels, block / (rows * columns));
  const parts = exactCuts(rows, block / columns).flatMap((inRows) =>
    exactCuts(columns, block).map((inColumns) => inBlocks(context, x, filter, [inChannels, inRows, inColumns])),
  );
  const sum = parts.length === 1 ? (parts[0] ?? "") : graph.apply(...addTerms(graph, parts));
  return ["Reshape", [sum, graph.int64(result.shape)]];
}

/**
 * Splits a filter axis into blocks of the same size and possibly a shorter last block. The last block has no padding,
 * because zero times an infinite pixel is NaN.
 */
function exactCuts(length: number, largest: number): readonly AxisBlocks[] {
  const { size } = cut(length, largest);
  const count = Math.floor(length / size);
  const rest = length - count * size;
  const whole = { start: 0, count, size };
  return rest === 0 ? [whole] : [whole, { start: count * size, count: 1, size: rest }];
}

/**
 * Returns what these rows and columns of the filter contribute to the result, as [batch, group, filters / group *
 * output height * output width].
 */
function inBlocks(
  context: EmitContext<GroupedWindow>,
  x: string,
  filter: string,
  cuts: readonly [channels: AxisBlocks, rows: AxisBlocks, columns: AxisBlocks],
): string {
  const { graph, operands, attributes, result } = context;
  const { strides, dilations, pads, group } = attributes;
  const [filters = 1, channels = 1, rows = 1, columns = 1] = operands[1]?.shape ?? [];
  const [batch = 1, , outHeight = 1, outWidth = 1] = result.shape;
  const blocks = cuts.reduce((product, { count }) => product * count, 1);
  const [inChannels, ...places] = cuts;
  // Padded channels are zero in the image too.
  const missing = inChannels.count * inChannels.size - channels;
  const isWhole = places.map(({ size }, axis) => size === [rows, columns][axis]);

  const image = blocksOfImage(context, x, { batch, inChannels, places, isWhole, missing });
  const filterGrid = [group, filters / group, ...cuts.flatMap(({ count, size }) => [count, size])];
  const part = padEnd(graph, sliceOfFilter(graph, filter, [filters, channels, rows, columns], places), [
    0,
    missing,
    0,
    0,
  ]);
  const filterBlocks = regroup(graph, part, filterGrid, [0, 2, 4, 6, 1, 3, 5, 7]);
  const sizes = cuts.map(({ size }) => size);
  const products = graph.apply("Conv", [image, reshape(graph, filterBlocks, [blocks * filters, ...sizes])], {
    strides,
    dilations,
    pads: pads.map((count, side) => (isWhole[side % 2] === true ? count : 0)),
    group: group * blocks,
  });
  const shape = [batch, group, blocks, (filters / group) * outHeight * outWidth];
  const sum = longReduction(graph, reshape(graph, products, shape), {
    operatorType: "ReduceSum",
    shape,
    axes: [2],
    keepDims: false,
  });
  return graph.apply(...sum);
}

function sliceOfFilter(
  graph: GraphEmitter,
  filter: string,
  [filters, channels, ...lengths]: readonly [filters: number, channels: number, rows: number, columns: number],
  places: readonly AxisBlocks[],
): string {
  if (places.every(({ count, size }, axis) => count * size === lengths[axis])) return filter;
  const starts = places.map(({ start }) => start);
  const ends = places.map(({ start, count, size }) => start + count * size);
  return graph.apply("Slice", [filter, graph.int64([0, 0, ...starts]), graph.int64([filters, channels, ...ends])]);
}

/** How {@link blocksOfImage} splits an image. */
interface ImageSplit {
  readonly batch: number;
  readonly inChannels: AxisBlocks;
  /** Rows and columns of the filter. */
  readonly places: readonly AxisBlocks[];
  /** For each axis, whether a single block covers all of it. */
  readonly isWhole: readonly boolean[];
  /** Number of zero channels after the channels of each group. */
  readonly missing: number;
}

/**
 * Returns the part of the image for each block of the filter, as channels: [batch, group * blocks * channels, height,
 * width].
 */
function blocksOfImage(
  { graph, operands, attributes: { group, strides, dilations, pads }, result }: EmitContext<GroupedWindow>,
  x: string,
  { batch, inChannels, places, isWhole, missing }: ImageSplit,
): string {
  const [, allChannels = 1, ...size] = operands[0]?.shape ?? [];
  const axes = places.map((blocks, axis) => {
    const length = size[axis] ?? 1;
    // The convolution itself pads an axis that is not split.
    if (isWhole[axis] === true) return { before: 0, after: 0, extent: length, starts: [0] };
    const [stride, dilation] = [strides[axis] ?? 1, dilations[axis] ?? 1];
    const extent = ((result.shape[axis + 2] ?? 1) - 1) * stride + (blocks.size - 1) * dilation + 1;
    const starts = Array.from({ length: blocks.count }, (_, block) => (blocks.start + block * blocks.size) * dilation);
    const before = pads[axis] ?? 0;
    return { before, after: Math.max(0, (starts.at(-1) ?? 0) + extent - before - length), extent, starts };
  });
  const perGroup = reshape(graph, x, [batch * group, allChannels / group, ...size]);
  const around = [0, 0, ...axes.map(({ before }) => before), 0, missing, ...axes.map(({ after }) => after)];
  let image = around.some((count) => count > 0)
    ? graph.apply("Pad", [perGroup, graph.int64(around), graph.scalar(0, "float32")])
    : perGroup;
  for (const [axis, { extent, starts }] of axes.entries()) {
    if (isWhole[axis] === true) continue;
    const positions = starts.flatMap((start) => Array.from({ length: extent }, (_, place) => start + place));
    image = graph.apply("Gather", [image, graph.int64(positions)], { axis: axis + 2 });
  }
  const grid = axes.flatMap(({ extent, starts }) => [starts.length, extent]);
  const blocks = [batch * group, inChannels.count, inChannels.size, ...grid];
  const count = places.reduce((product, block) => product * block.count, inChannels.count);
  return reshape(graph, regroup(graph, image, blocks, [0, 1, 3, 5, 2, 4, 6]), [
    batch,
    group * count * inChannels.size,
    ...axes.map(({ extent }) => extent),
  ]);
}

/**
 * Writes the gradient of a convolution's image from `dy` [batch, filters, height, width]. The gradient of a pixel is a
 * sum of one product per window with the pixel. A long sum is split by rows and columns of the filter.
 */
export function emitConvolutionBack(context: EmitContext<GroupedWindow>, dy: string, filter: string): OutputNode {
  const { graph, operands, attributes, result } = context;
  const { strides, dilations, pads, group, unreached } = attributes;
  const [filters = 1, channels = 1, rows = 1, columns = 1] = operands[1]?.shape ?? [];
  if (Math.ceil(rows / strides[0]) * Math.ceil(columns / strides[1]) <= LONGEST_RUN)
    return ["ConvTranspose", [dy, filter], { strides, dilations, pads, group, output_padding: unreached }];

  const [inRows, inColumns] = [cut(rows, LONGEST_RUN / columns), cut(columns, LONGEST_RUN)];
  const [top, left] = pads;
  const whole = [0, 1].map((axis) => (pads[axis] ?? 0) + (result.shape[axis + 2] ?? 0) + (pads[axis + 2] ?? 0));
  const [outHeight = 1, outWidth = 1] = operands[0]?.shape.slice(2) ?? [];
  const parts: string[] = [];
  for (let row = 0; row < rows; row += inRows.size) {
    for (let column = 0; column < columns; column += inColumns.size) {
      const size = [Math.min(inRows.size, rows - row), Math.min(inColumns.size, columns - column)];
      const ends = graph.int64([filters, channels, row + (size[0] ?? 0), column + (size[1] ?? 0)]);
      const part = graph.apply("Slice", [filter, graph.int64([0, 0, row, column]), ends]);
      const spread = graph.apply("ConvTranspose", [dy, part], { strides, dilations, group });
      const before = [row * dilations[0], column * dilations[1]];
      const after = [outHeight, outWidth].map((length, axis) => {
        const extent = (length - 1) * (strides[axis] ?? 1) + ((size[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
        return (whole[axis] ?? 0) - (before[axis] ?? 0) - extent;
      });
      parts.push(
        graph.apply("Pad", [spread, graph.int64([0, 0, ...before, 0, 0, ...after]), graph.scalar(0, "float32")]),
      );
    }
  }
  const ends = result.shape.map((length, axis) => length + ([0, 0, top, left][axis] ?? 0));
  return ["Slice", [graph.apply(...addTerms(graph, parts)), graph.int64([0, 0, top, left]), graph.int64(ends)]];
}

function cut(length: number, largest: number): AxisBlocks {
  const most = Math.max(1, Math.min(length, Math.floor(largest)));
  const divisor = blockOf(length, most);
  const size = divisor !== undefined && divisor > most / 2 ? divisor : most;
  return { start: 0, count: Math.ceil(length / size), size };
}

/** Reshapes `x` to `grid` and permutes its axes, unless only axes of length 1 move. */
function regroup(graph: GraphEmitter, x: string, grid: readonly number[], perm: readonly number[]): string {
  const long = perm.filter((axis) => grid[axis] !== 1);
  if (long.every((axis, place) => place === 0 || axis > (long[place - 1] ?? 0))) return x;
  return graph.apply("Transpose", [reshape(graph, x, grid)], { perm });
}

function reshape(graph: GraphEmitter, x: string, shape: readonly number[]): string {
  return graph.apply("Reshape", [x, graph.int64(shape)]);
}

function padEnd(graph: GraphEmitter, x: string, missing: readonly number[]): string {
  if (missing.every((count) => count === 0)) return x;
  return graph.apply("Pad", [x, graph.int64([...missing.map(() => 0), ...missing]), graph.scalar(0, "float32")]);
}
