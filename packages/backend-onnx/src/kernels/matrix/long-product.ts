import type { GraphEmitter } from "../../graph/graph.ts";
import { blockOf, longReduction } from "../reduction/long-sum.ts";
import type { OutputNode } from "../tools/operation.ts";

export interface Side {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A matrix product whose inner dimension is split into blocks. */
interface BlockedProduct {
  /** The operands, with an additional batch dimension for the blocks before the last two dimensions. */
  readonly sides: readonly Side[];
  /** Adds up the products of the blocks. */
  sum(products: string): OutputNode;
}

/**
 * `longest`: inner size beyond which a float32 product has an error above 1e-5, measured on ONNX Runtime's kernels.
 * ONNX Runtime's matrix kernels already add in blocks; its vector kernels do not.
 */
const MATRIX = { longest: 2 ** 18, block: 4096 };
const VECTOR = { longest: 2 ** 13, block: 1024 };
/**
 * A GPU's kernels add one product at a time. Products of this length have an error of about 1e-4 if all numbers are
 * similar.
 */
const ON_DEVICE = { longest: 2 ** 14, block: 1024 };

/**
 * Splits the inner dimension (`innerAxes`, counted from the end, one per operand) into blocks. Returns undefined if the
 * inner dimension is short enough to need no blocks. `shape` is the shape of the product.
 */
export function innerBlocks(
  graph: GraphEmitter,
  sides: readonly Side[],
  innerAxes: readonly number[],
  shape: readonly number[],
): BlockedProduct | undefined {
  const inner = sides[0]?.shape.at(innerAxes[0] ?? -1) ?? 1;
  const isVector = shape.slice(-2).includes(1);
  const { longest, block: largest } = isVector ? VECTOR : graph.float64 ? MATRIX : ON_DEVICE;
  if (inner <= longest) return undefined;
  const block = blockOf(inner, largest) ?? largest;
  const blocks = Math.ceil(inner / block);
  const batchRank = shape.length - 2;
  return {
    sides: sides.map((side, index) => cut(graph, side, innerAxes[index] === -2, [blocks, block])),
    sum: (products) =>
      longReduction(graph, products, {
        operatorType: "ReduceSum",
        shape: shape.toSpliced(batchRank, 0, blocks),
        axes: [batchRank],
        keepDims: false,
      }),
  };
}

/** Reshapes [..., inner, n] to [..., blocks, block, n], or [..., n, inner] to [..., blocks, n, block]. */
function cut(
  graph: GraphEmitter,
  { name, shape }: Side,
  innerFirst: boolean,
  [blocks, block]: readonly [number, number],
): Side {
  const rank = shape.length;
  const axis = innerFirst ? rank - 2 : rank - 1;
  const [batch, rest] = [shape.slice(0, -2), shape.at(innerFirst ? -1 : -2) ?? 1];
  const missing = blocks * block - (shape[axis] ?? 0);
  const around = [...shape.map(() => 0), ...shape.map((_, position) => (position === axis ? missing : 0))];
  const whole = missing === 0 ? name : graph.apply("Pad", [name, graph.int64(around), graph.scalar(0, "float32")]);
  const reshape = (grid: readonly number[]): string => graph.apply("Reshape", [whole, graph.int64(grid)]);
  if (innerFirst) {
    const grid = [...batch, blocks, block, rest];
    return { name: reshape(grid), shape: grid };
  }
  const perm = [...batch.keys(), rank - 1, rank - 2, rank];
  return {
    name: graph.apply("Transpose", [reshape([...batch, rest, blocks, block])], { perm }),
    shape: [...batch, blocks, rest, block],
  };
}
