import * as tf from "@tensorflow/tfjs-core";
import { type Makers, tensorOf } from "./hostile-draws.ts";

/** Matrix products, convolutions, pooling and resizing. */
export const WINDOWS = {
  matMul: (draw) => {
    const [a, b] = [draw.tame(draw.shape(2)), draw.tame(draw.shape(2))];
    return { parameters: [a, b], run: () => tf.matMul(tensorOf(a), tensorOf(b)) };
  },
  pools: (draw) => {
    const x = draw.tame([1, 3, 4, 2]);
    const [size, stride, pad] = [draw.of([1, 2, 3, 5, 0]), draw.of([1, 2, 0]), draw.of(["same", "valid"] as const)];
    const [op, name] = draw.of([[tf.maxPool, "max"] as const, [tf.avgPool, "average"] as const]);
    return { parameters: [name, x, size, stride, pad], run: () => op(tensorOf(x) as tf.Tensor4D, size, stride, pad) };
  },
  conv2d: (draw) => {
    const [x, filter] = [draw.tame([1, 3, 4, 2]), draw.tame([draw.of([1, 2, 5]), 2, draw.of([2, 1]), 1])];
    const [stride, pad] = [draw.of([1, 2, 0]), draw.of(["same", "valid", 1, -1] as const)];
    const run = (): tf.Tensor => tf.conv2d(tensorOf(x) as tf.Tensor4D, tensorOf(filter) as tf.Tensor4D, stride, pad);
    return { parameters: [x, filter, stride, pad], run };
  },
  depthwise: (draw) => {
    const [x, filter] = [
      draw.tame([2, 3, 4, 2]),
      draw.tame([draw.of([1, 3, 5]), draw.of([1, 2, 4]), 2, draw.of([1, 2])]),
    ];
    const [stride, pad] = [draw.of([1, 2, 3]), draw.of(["same", "valid", 1, 2] as const)];
    const run = (): tf.Tensor =>
      tf.depthwiseConv2d(tensorOf(x) as tf.Tensor4D, tensorOf(filter) as tf.Tensor4D, stride, pad);
    return { parameters: [x, filter, stride, pad], run };
  },
  convolutionGradients: (draw) => {
    const [x, filter] = [draw.tame([2, 3, 4, 1]), draw.tame([draw.of([1, 3]), draw.of([1, 2, 4]), 1, draw.of([1, 2])])];
    const [stride, pad] = [draw.of([1, 2, 3, 4]), draw.of(["same", "valid", 1, 2] as const)];
    const run = (): tf.Tensor[] => {
      const convolve = (image: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
        tf.conv2d(image as tf.Tensor4D, weights as tf.Tensor4D, stride, pad);
      return tf.grads(convolve)([tensorOf(x), tensorOf(filter)]);
    };
    return { parameters: [x, filter, stride, pad], run };
  },
  resize: (draw) => {
    const [x, size] = [
      draw.data([1, 2, 3, 1], "float32"),
      draw.list([0, 1, 2, 5, -1, 1.5, NaN], 2) as [number, number],
    ];
    const [op, name] = draw.of([
      [tf.image.resizeBilinear, "bilinear"] as const,
      [tf.image.resizeNearestNeighbor, "nearest"] as const,
    ]);
    return { parameters: [name, x, size], run: () => op(tensorOf(x) as tf.Tensor4D, size) };
  },
} satisfies Makers;
