import * as tf from "@tensorflow/tfjs-core";
import { fusedKernel } from "./fused-kernel.ts";

/** A float32 tensor whose values are written before it is used. */
export interface WritableTensor {
  /** Says that all of it is written soon, so that the system may get its memory ready. */
  prepare(): void;
  /** Row-major, zeros at first. Not to be touched after {@link finish} or {@link dispose}. */
  readonly values: Float32Array;
  /** The tensor with what was written. */
  finish(): tf.Tensor;
  /** Gives the memory back instead. */
  dispose(): void;
}

/**
 * Tensors to be written value by value, such as weights that are read from a file: without a copy on a backend that lends its
 * own memory. Memory is taken when it is prepared or written, not before.
 *
 * Kernel "WritableTensors": attributes `shapes` and `lend`, a function to be called for each output with its memory and a function
 * that gets it ready; no outputs where the backend's memory cannot be written so.
 */
export function writableTensors(shapes: readonly (readonly number[])[]): readonly WritableTensor[] {
  const lent: Pick<WritableTensor, "values" | "prepare">[] = [];
  const attributes = {
    shapes,
    lend: (values: Float32Array, prepare: () => void) => void lent.push({ values, prepare }),
  };
  const tensors = fusedKernel("WritableTensors", {}, attributes) ?? [];
  return shapes.map((shape, index) => {
    const [tensor, memory] = [tensors[index], lent[index]];
    if (tensor && memory) return { ...memory, finish: () => tensor, dispose: () => tensor.dispose() };
    return outsideOfTheBackend(shape);
  });
}

function outsideOfTheBackend(shape: readonly number[]): WritableTensor {
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
      `fused-ops: a tensor [${shape.join(", ")}] of ${4 * size} bytes is more than memory has room for.`,
      {
        cause,
      },
    );
  }
}
