import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../kernel.ts";
import { elementType } from "../onnx-type.ts";
import { compose } from "./composition.ts";
import { inFloat32, kernel, operation, record } from "./operation.ts";
import type { Writing, WrittenOperation } from "./operation.ts";
import { transpose } from "./transpose.ts";
import { TO_CHANNELS_FIRST, TO_CHANNELS_LAST, windowOf } from "./window.ts";
import type { Window } from "./window.ts";
import { addAtRows } from "./add-at.ts";

type Shape4 = [number, number, number, number];
type PoolAttributes = Omit<tf.AvgPoolAttrs, "dimRoundingMode"> & Pick<Partial<tf.AvgPoolAttrs>, "dimRoundingMode">;

const AVERAGE = operation(
  "AvgPool",
  inFloat32(({ attributes: { size, strides, pads } }: Writing<Window>, x) => [
    "AveragePool",
    [x],
    { kernel_shape: size, strides, pads, count_include_pad: 0 },
  ]),
);

const MAXIMUM = operation(
  "MaxPool",
  inFloat32(({ attributes: { size, strides, pads } }: Writing<Window>, x) => [
    "MaxPool",
    [x],
    { kernel_shape: size, strides, pads },
  ]),
);

/** Spreads each dy evenly over its window; tfjs counts padding here, other than in the forward direction. */
const AVERAGE_GRADIENT = operation(
  "AvgPoolGrad",
  inFloat32(({ graph, attributes: { size, strides, pads, unreached } }: Writing<Window>, dy) => {
    const share = graph.apply("Expand", [
      graph.scalar(1 / (size[0] * size[1]), "float32"),
      graph.int64([1, 1, ...size]),
    ]);
    return ["ConvTranspose", [dy, share], { strides, pads, output_padding: unreached }];
  }),
);

/** Adds each dy to where its window's maximum was. */
const MAXIMUM_GRADIENT = operation(
  "MaxPoolGrad",
  inFloat32(({ graph, operands, attributes: { size, strides, pads }, result }: Writing<Window>, dy, x) => {
    const [maximum, place] = [graph.temporary(), graph.temporary()];
    graph.node("MaxPool", [x], [maximum, place], { kernel_shape: size, strides, pads });
    const zeros = graph.apply("Expand", [
      graph.scalar(0, "float32"),
      graph.int64([tf.util.sizeFromShape([...result.shape]), 1]),
    ]);
    const rows = graph.apply("Reshape", [place, graph.int64([-1])]);
    const updates = graph.apply("Reshape", [dy, graph.int64([-1, 1])]);
    const count = tf.util.sizeFromShape([...(operands[0]?.shape ?? [])]);
    const added = addAtRows(graph, { data: zeros, rows, updates }, [count, 1]);
    return ["Reshape", [added, graph.int64(result.shape)]];
  }),
);

export const POOLING_KERNELS: readonly Kernel[] = [
  kernel<tf.AvgPoolInputs, tf.AvgPoolAttrs>(tf.AvgPool, ({ x }, attributes, recorder) =>
    pool(recorder, AVERAGE, x, poolInfo(x, attributes)),
  ),
  kernel<tf.MaxPoolInputs, tf.MaxPoolAttrs>(tf.MaxPool, ({ x }, attributes, recorder) =>
    pool(recorder, MAXIMUM, x, poolInfo(x, attributes)),
  ),
  kernel<tf.AvgPoolGradInputs, tf.AvgPoolGradAttrs>(tf.AvgPoolGrad, ({ dy, input }, attributes, recorder) =>
    averageGradient(recorder, dy, poolInfo(input, attributes)),
  ),
  kernel<tf.MaxPoolGradInputs, tf.MaxPoolGradAttrs>(tf.MaxPoolGrad, ({ dy, input }, attributes, recorder) =>
    maximumGradient(recorder, dy, input, poolInfo(input, attributes)),
  ),
];

function poolInfo(
  x: TensorInfo,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttributes,
): backend_util.Conv2DInfo {
  return tf.backend_util.computePool2DInfo(x.shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
}

function pool(
  recorder: Recorder,
  recorded: WrittenOperation<Window>,
  x: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const shape = [info.batchSize, info.outChannels, info.outHeight, info.outWidth];
  return compose(recorder, (inner) => {
    const image = transpose(inner, x, TO_CHANNELS_FIRST);
    return transpose(
      inner,
      record(inner, recorded, [image], { shape, dtype: elementType(x) }, windowOf(info)),
      TO_CHANNELS_LAST,
    );
  });
}

/** Every channel is an image of its own. */
function averageGradient(recorder: Recorder, dy: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth } = info;
  const images = batchSize * inChannels;
  return compose(recorder, (inner) => {
    const channels = inner.alias(transpose(inner, dy, TO_CHANNELS_FIRST), [images, 1, outHeight, outWidth]);
    const result = { shape: [images, 1, inHeight, inWidth], dtype: "float32" } as const;
    const dx = record(inner, AVERAGE_GRADIENT, [channels], result, windowOf(info));
    return transpose(inner, inner.alias(dx, [batchSize, inChannels, inHeight, inWidth]), TO_CHANNELS_LAST);
  });
}

function maximumGradient(recorder: Recorder, dy: TensorInfo, x: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  const { batchSize, inChannels, inHeight, inWidth } = info;
  return compose(recorder, (inner) => {
    const images = [dy, x].map((image) => transpose(inner, image, TO_CHANNELS_FIRST));
    const result = { shape: [batchSize, inChannels, inHeight, inWidth], dtype: "float32" } as const;
    return transpose(inner, record(inner, MAXIMUM_GRADIENT, images, result, windowOf(info)), TO_CHANNELS_LAST);
  });
}
