import type { GraphEmitter, Value } from "../../graph/graph.ts";
import { blockOf, longReduction } from "../reduction/long-sum.ts";
import type { OutputNode } from "../tools/operation.ts";

/** Maximum number of products that ONNX Runtime's Einsum sums accurately, for results with few or many elements. */
const LONGEST = { few: 2 ** 13, many: 2 ** 18 };
const FEW_ELEMENTS = 4096;
const LARGEST_BLOCK = 1024;
/** Minimum block size. An index that would need smaller blocks is summed afterwards as a whole. */
const SMALLEST_BLOCK = 16;
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** A summed index split into blocks: `outer` is the new index over blocks, and `index` runs inside a block. */
interface IndexBlocks {
  readonly index: string;
  readonly outer: string;
  readonly blocks: number;
  readonly block: number;
}

/** Writes an Einsum of float32 numbers. A long sum is split into blocks, and then their sums are added. */
export function einsumInBlocks(
  graph: GraphEmitter,
  names: readonly string[],
  operands: readonly Value[],
  equation: string,
): OutputNode {
  const [left = "", result = ""] = equation.replaceAll(/\s/g, "").split("->");
  const terms = left.split(",");
  const sizes = new Map<string, number>();
  for (const [place, term] of terms.entries()) {
    for (const [axis, index] of [...term].entries()) sizes.set(index, operands[place]?.shape[axis] ?? 1);
  }
  const sizeOf = (indices: Iterable<string>): number =>
    [...indices].reduce((product, index) => product * (sizes.get(index) ?? 1), 1);
  const summed = [...sizes.keys()].filter((index) => !result.includes(index));
  // A GPU adds one product at a time, regardless of the size of the result.
  const longest = sizeOf(result) <= FEW_ELEMENTS || !graph.float64 ? LONGEST.few : LONGEST.many;
  if (sizeOf(summed) <= longest) return ["Einsum", names, { equation }];

  const cuts = cutsOf(summed, sizes, terms);
  const sources = terms.map((term, place) => cutOperand(graph, names[place] ?? "", term, sizes, cuts));
  const outer = cuts.map((cut) => cut.outer).join("");
  const within = `${sources.map(({ term }) => term).join()}->${outer}${result}`;
  const blocks = graph.apply(
    "Einsum",
    sources.map(({ name }) => name),
    { equation: within },
  );
  return longReduction(graph, blocks, {
    operatorType: "ReduceSum",
    shape: [...cuts.map((cut) => cut.blocks), ...[...result].map((index) => sizes.get(index) ?? 1)],
    axes: [...cuts.keys()],
    keepDims: false,
  });
}

/** Splits the longest indices until the sum inside a block is short. */
function cutsOf(
  summed: readonly string[],
  sizes: ReadonlyMap<string, number>,
  terms: readonly string[],
): IndexBlocks[] {
  const size = (index: string): number => sizes.get(index) ?? 1;
  const letters = LETTERS.filter((letter) => !sizes.has(letter));
  const cuts: IndexBlocks[] = [];
  let inner = summed.reduce((product, index) => product * size(index), 1);
  for (const index of summed.toSorted((one, other) => size(other) - size(one))) {
    if (inner <= LARGEST_BLOCK) break;
    const rest = inner / size(index);
    const largest = Math.floor(LARGEST_BLOCK / rest);
    // Padding zeros must be multiplied only by zeros, because zero times infinity is NaN.
    const filled = terms.every((term) => term.includes(index)) ? largest : 1;
    const block = largest < SMALLEST_BLOCK ? 1 : (blockOf(size(index), largest) ?? filled);
    cuts.push({ index, outer: letters.pop() ?? index, blocks: Math.ceil(size(index) / block), block });
    inner = rest * block;
  }
  return cuts;
}

function cutOperand(
  graph: GraphEmitter,
  x: string,
  term: string,
  sizes: ReadonlyMap<string, number>,
  cuts: readonly IndexBlocks[],
): { readonly name: string; readonly term: string } {
  const parts = [...term].map((index) => {
    const length = sizes.get(index) ?? 1;
    const cut = cuts.find((other) => other.index === index);
    if (cut === undefined) return { indices: index, shape: [length], missing: 0 };
    const { outer, blocks, block } = cut;
    return { indices: `${outer}${index}`, shape: [blocks, block], missing: blocks * block - length };
  });
  const missing = parts.map((part) => part.missing);
  const whole = missing.some((count) => count > 0)
    ? graph.apply("Pad", [x, graph.int64([...missing.map(() => 0), ...missing]), graph.scalar(0, "float32")])
    : x;
  return {
    name: graph.apply("Reshape", [whole, graph.int64(parts.flatMap(({ shape }) => shape))]),
    term: parts.map(({ indices }) => indices).join(""),
  };
}
