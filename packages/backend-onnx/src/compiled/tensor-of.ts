import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";

/** Returns a tfjs tensor for a data id of this backend. The current `tf.tidy` owns the tensor. */
export function tensorOf(dataId: object, { shape, dtype }: Pick<TensorInfo, "shape" | "dtype">): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype });
}
