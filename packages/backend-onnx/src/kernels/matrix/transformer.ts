import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Operation } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementwise } from "../elementwise/broadcast.ts";
import { longReduction } from "../reduction/long-sum.ts";
import { constant, inFloat32, isEmpty, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";

interface Epsilon {
  readonly epsilon: number;
}

interface RotaryShape {
  readonly rows: number;
  readonly length: number;
  /** Whether each row has separate cosines and sines. */
  readonly perRow: boolean;
}

/**
 * Maximum row length of ONNX Runtime's kernel. Beyond it the error exceeds 1e-5, because the kernel adds the squares
 * one at a time.
 */
const LONGEST_ROW = 8192;

const RMS_NORM: Operation = {
  name: "RmsNorm",
  emit(graph, [x = "", weight = ""], outputs, { inputs: [operand], attributes }) {
    const { epsilon } = attributes as object as Epsilon;
    const shape = operand?.shape ?? [];
    if ((shape.at(-1) ?? 1) <= LONGEST_ROW) {
      graph.node("SimplifiedLayerNormalization", [x, weight], outputs, { axis: -1, epsilon: { float: epsilon } });
      return;
    }
    const [normalized = "", inverse = ""] = outputs;
    const mean = graph.apply(
      ...longReduction(graph, graph.apply("Mul", [x, x]), {
        operatorType: "ReduceMean",
        shape,
        axes: [shape.length - 1],
        keepDims: true,
      }),
    );
    const deviation = graph.apply("Sqrt", [graph.apply("Add", [mean, graph.scalar(epsilon, "float32")])]);
    graph.node("Reciprocal", [deviation], [inverse]);
    graph.node("Mul", [graph.apply("Mul", [x, inverse]), weight], [normalized]);
  },
};

const SILU = operation(
  "Silu",
  inFloat32((_, x) => ["QuickGelu", [x], { alpha: { float: 1 } }, "com.microsoft"]),
);

/** Cosines and sines are the cache of ONNX Runtime's operator; positions are row numbers in this cache. */
const ROTARY_EMBEDDING = operation(
  "RotaryEmbedding",
  ({ graph, attributes: { rows, length, perRow } }: EmitContext<RotaryShape>, x, cosine, sine) => {
    const count = perRow ? rows * length : length;
    const range = graph.apply("Range", [graph.int64Scalar(0), graph.int64Scalar(count), graph.int64Scalar(1)]);
    const positions = perRow
      ? graph.apply("Reshape", [range, graph.int64([rows, length])])
      : graph.apply("Expand", [range, graph.int64([rows, length])]);
    return ["RotaryEmbedding", [x, positions, cosine, sine], {}, "com.microsoft"];
  },
);

/** Kernels beyond tfjs-core. `@mlan/fused-ops` calls them by name on backends that have them. */
export const TRANSFORMER_KERNELS: readonly Kernel[] = [
  kernel<{ x: TensorInfo; weight: TensorInfo }, Epsilon>("RmsNorm", ({ x, weight }, { epsilon }, recorder) =>
    rmsNorm(recorder, x, weight, epsilon),
  ),
  kernel<{ x: TensorInfo }>("Silu", ({ x }, _, recorder) => elementwise(recorder, SILU, [x], "float32")),
  kernel<{ x: TensorInfo; cosine: TensorInfo; sine: TensorInfo }>(
    "RotaryEmbedding",
    ({ x, cosine, sine }, _, recorder) => rotaryEmbedding(recorder, x, cosine, sine),
  ),
];

/**
 * Divides each row by its root mean square and multiplies it by the weight. Also returns the inverse root mean square
 * of each row, [..., 1], for the gradient.
 */
function rmsNorm(recorder: Recorder, x: TensorInfo, weight: TensorInfo, epsilon: number): TensorInfo[] {
  const results = [x.shape, [...x.shape.slice(0, -1), 1]].map((shape) => ({ shape, dtype: "float32" }) as const);
  if (isEmpty(x.shape)) return results.map((result) => constant(recorder, [], result));
  return recorder.recordAll(RMS_NORM, [x, weight], results, { epsilon });
}

/**
 * `x` is [rows, heads, length, dimension]; `cosine` and `sine` are [length, dimension / 2] or [rows, length, dimension
 * / 2].
 */
function rotaryEmbedding(recorder: Recorder, x: TensorInfo, cosine: TensorInfo, sine: TensorInfo): TensorInfo {
  const [rows = 1, , length = 1, dimension = 1] = x.shape;
  const perRow = cosine.shape.length === 3;
  const factors = [cosine, sine].map((table) =>
    recorder.alias(table, [perRow ? rows * length : length, dimension / 2]),
  );
  const result = { shape: x.shape, dtype: "float32" } as const;
  const rotated = record(recorder, ROTARY_EMBEDDING, [x, ...factors], result, { rows, length, perRow });
  for (const table of factors) recorder.disposeIntermediate(table);
  return rotated;
}
