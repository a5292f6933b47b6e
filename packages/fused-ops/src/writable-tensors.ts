import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel } from "./fused-kernel.ts";

/** A float32 tensor whose values are written before its first use. */
export interface WritableTensor {
  /** Announces that all values will be written soon, so that the system can allocate the memory. */
  prepare(): void;
  /** The values in row-major order, initially zeros. They must not be used after {@link finish} or {@link dispose}. */
  readonly values: Float32Array;
  finish(): tf.Tensor;
  /** Frees the memory without creating a tensor. */
  dispose(): void;
}

/**
 * Creates tensors whose values are written one by one, such as weights read from a file. On a backend with accessible
 * memory, the values are not copied. Memory is allocated only when it is prepared or written.
 *
 * Calls the kernel "WritableTensors" with the attributes `shapes` and `receiveMemory`. The kernel calls `receiveMemory`
 * for each output with its memory and the function {@link WritableTensor.prepare}. It returns no outputs if the
 * backend's memory is not accessible.
 */
export function writableTensors(shapes: readonly (readonly number[])[]): readonly WritableTensor[] {
  const memories: Pick<WritableTensor, "values" | "prepare">[] = [];
  const attributes = {
    shapes,
    receiveMemory: (values: Float32Array, prepare: () => void) => void memories.push({ values, prepare }),
  };
  const tensors = fusedKernel("WritableTensors", {}, attributes) ?? [];
  return shapes.map((shape, index) => {
    const [tensor, memory] = [tensors[index], memories[index]];
    if (tensor && memory) return { ...memory, finish: () => tensor, dispose: () => tensor.dispose() };
    return inJavaScriptMemory(shape);
  });
}

function inJavaScriptMemory(shape: readonly number[]): WritableTensor {
  let written: Float32Array | undefined;
  const values = (): Float32Array => (written ??= zeros(shape));
  return {
    prepare: () => {},
    get values() {
      return values();
    },
    finish: () => tf.tensor(values(), [...shape]),
    dispose: () => {
      written = undefined;
    },
  };
}

function zeros(shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  try {
    return new Float32Array(size);
  } catch (cause) {
    throw new RangeError(
      `fused-ops: there is not enough memory for a tensor [${shape.join(", ")}] of ${4 * size} bytes.`,
      {
        cause,
      },
    );
  }
}
