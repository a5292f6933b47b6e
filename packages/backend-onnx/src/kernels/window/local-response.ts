import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GraphEmitter } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { cast } from "../elementwise/cast.ts";
import { compose } from "../tools/composition.ts";
import { inFloat32, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext, OnnxOperation } from "../tools/operation.ts";

const NORMALIZE = operation(
  "LRN",
  inFloat32(({ graph, attributes }: EmitContext<tf.LRNAttrs>, x) => {
    const scale = graph.apply("Pow", [norm(graph, x, attributes), graph.scalar(-attributes.beta, "float32")]);
    return ["Mul", [x, scale]];
  }),
);

/** `dy * norm^-beta - 2 alpha beta x * neighbors(y dy / norm)` */
const GRADIENT = operation(
  "LRNGrad",
  inFloat32(({ graph, attributes }: EmitContext<tf.LRNGradAttrs>, x, y, dy) => {
    const { alpha, beta, depthRadius } = attributes;
    const norms = norm(graph, x, attributes);
    const direct = graph.apply("Mul", [dy, graph.apply("Pow", [norms, graph.scalar(-beta, "float32")])]);
    const shares = graph.apply("Div", [graph.apply("Mul", [y, dy]), norms]);
    const received = graph.apply("Mul", [x, neighbors(graph, shares, depthRadius)]);
    return ["Sub", [direct, graph.apply("Mul", [received, graph.scalar(2 * alpha * beta, "float32")])]];
  }),
);

/** Normalizes each pixel by the squares of its neighboring channels, which are the last dimension. */
export const LOCAL_RESPONSE_KERNELS: readonly Kernel[] = [
  kernel<tf.LRNInputs, tf.LRNAttrs>(tf.LRN, ({ x }, attributes, recorder) =>
    perPixel(recorder, NORMALIZE, [x], attributes),
  ),
  kernel<tf.LRNGradInputs, tf.LRNGradAttrs>(tf.LRNGrad, ({ x, y, dy }, attributes, recorder) =>
    perPixel(recorder, GRADIENT, [x, y, dy], attributes),
  ),
];

/** Reshapes tensors of the same shape to [pixels, 1, channels], and the result back. */
function perPixel<A extends tf.LRNAttrs>(
  recorder: Recorder,
  recorded: OnnxOperation<A>,
  tensors: readonly TensorInfo[],
  { depthRadius, bias, alpha, beta }: A,
): TensorInfo {
  const shape = tensors[0]?.shape ?? [];
  const flat = [tf.util.sizeFromShape(shape.slice(0, -1)), 1, shape.at(-1) ?? 1];
  return compose(recorder, (inner) => {
    const operands = tensors.map((tensor) => inner.alias(cast(inner, tensor, "float32"), flat));
    const attributes = { depthRadius, bias, alpha, beta } as A;
    return inner.alias(record(inner, recorded, operands, { shape: flat, dtype: "float32" }, attributes), shape);
  });
}

/** `bias + alpha * neighbors(x * x)` */
function norm(graph: GraphEmitter, x: string, { depthRadius, bias, alpha }: tf.LRNAttrs): string {
  const squares = neighbors(graph, graph.apply("Mul", [x, x]), depthRadius);
  const scaled = graph.apply("Mul", [squares, graph.scalar(alpha, "float32")]);
  return graph.apply("Add", [scaled, graph.scalar(bias, "float32")]);
}

/**
 * Sums each channel and `radius` channels on both sides. ONNX Runtime's LRN uses a running sum, in which an infinity
 * persists.
 */
function neighbors(graph: GraphEmitter, x: string, radius: number): string {
  const size = 2 * radius + 1;
  const attributes = { kernel_shape: [size], pads: [radius, radius], count_include_pad: 1 };
  return graph.apply("Mul", [graph.apply("AveragePool", [x], attributes), graph.scalar(size, "float32")]);
}
