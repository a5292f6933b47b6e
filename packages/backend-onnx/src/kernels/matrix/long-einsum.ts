import type { GraphEmitter, Value } from "../../graph/graph.ts";
import { blockOf, longReduction } from "../reduction/long-sum.ts";
import type { OnnxCall } from "../tools/operation.ts";

/** So many products are summed by ONNX Runtime's Einsum, where the result has few elements or many. */
const LONGEST = { few: 2 ** 13, many: 2 ** 18 };
const FEW_ELEMENTS = 4096;
const LARGEST_BLOCK = 1024;
/** A smaller block is not worth a reshape: all of the index is summed afterwards. */
const SMALLEST_BLOCK = 16;
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** A summed index in blocks: `outer` counts them, and the index itself goes through one. */
interface Cut {
  readonly index: string;
  readonly outer: string;
  readonly blocks: number;
  readonly block: number;
}

/** Writes an Einsum of float32 numbers; a long sum is taken in blocks, and the blocks' sums are added up. */
export function einsumInBlocks(
  graph: GraphEmitter,
  names: readonly string[],
  operands: readonly Value[],
  equation: string,
): OnnxCall {
  const [left = "", result = ""] = equation.replaceAll(/\s/g, "").split("->");
  const terms = left.split(",");
  const sizes = new Map<string, number>();
  for (const [place, term] of terms.entries()) {
    for (const [axis, index] of [...term].entries()) sizes.set(index, operands[place]?.shape[axis] ?? 1);
  }
  const sizeOf = (indices: Iterable<string>): number =>
    [...indices].reduce((product, index) => product * (sizes.get(index) ?? 1), 1);
  const summed = [...sizes.keys()].filter((index) => !result.includes(index));
  // A GPU adds one by one whatever the result is.
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

/** Cuts the longest indices until what is summed within blocks is short. */
function cutsOf(summed: readonly string[], sizes: ReadonlyMap<string, number>, terms: readonly string[]): Cut[] {
  const size = (index: string): number => sizes.get(index) ?? 1;
  const letters = LETTERS.filter((letter) => !sizes.has(letter));
  const cuts: Cut[] = [];
  let inner = summed.reduce((product, index) => product * size(index), 1);
  for (const index of summed.toSorted((one, other) => size(other) - size(one))) {
    if (inner <= LARGEST_BLOCK) break;
    const rest = inner / size(index);
    const largest = Math.floor(LARGEST_BLOCK / rest);
    // Zeros that fill up a block must meet zeros only: times an infinite number of another operand, they are NaN.
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
  cuts: readonly Cut[],
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
