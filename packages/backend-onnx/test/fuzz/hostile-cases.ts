import type * as tf from "@tensorflow/tfjs-core";
import { seededRandom } from "@mlan/core";
import { ELEMENTWISE } from "./elementwise-cases.ts";
import { draws, type Makers, textOf } from "./hostile-draws.ts";
import { INDEXING } from "./indexing-cases.ts";
import { WINDOWS } from "./window-cases.ts";

/** A call with hostile arguments. It creates its own tensors, and is the same on every backend. */
export interface HostileCase {
  readonly name: string;
  run(): tf.Tensor | tf.Tensor[];
}

const MAKERS = { ...ELEMENTWISE, ...INDEXING, ...WINDOWS } satisfies Makers;

/** The order of the operations. It determines which values an operation gets from a seed. */
const ORDER: readonly (keyof typeof MAKERS)[] = [
  "unary",
  "binary",
  "reduction",
  "cast",
  "slice",
  "stridedSlice",
  "gather",
  "gatherGradient",
  "gatherND",
  "scatterND",
  "segments",
  "pad",
  "mirrorPad",
  "reshape",
  "tile",
  "topk",
  "oneHot",
  "range",
  "bincount",
  "matMul",
  "pools",
  "conv2d",
  "numbers",
  "clip",
  "logic",
  "truth",
  "searchSorted",
  "unique",
  "concat",
  "split",
  "depthwise",
  "convolutionGradients",
  "resize",
  "batchToSpace",
  "softmax",
  "select",
];

/** Returns `count` cases, the same for the same seed: every operation of ORDER in turn. */
export function hostileCases(count: number, seed: number): HostileCase[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const name = ORDER[index % ORDER.length] ?? "unary";
    const { parameters, run } = MAKERS[name](draws(random));
    return { name: `${index} ${name} ${parameters.map(textOf).join(" ")}`, run };
  });
}
