import "@tensorflow/tfjs-layers";
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";

export interface HeldBytes {
  /** Returns the peak of bytes in use while `work` runs, including bytes allocated earlier. */
  peakOf(work: () => Promise<void>): Promise<number>;
}

/**
 * Counts, after every kernel, the bytes of all buffers that tfjs's `cpu` backend creates from now on, without memory
 * inside a kernel. Tensors that share data count once, unlike in `peakBytes` of `tf.profile`.
 */
export async function heldBytes(): Promise<HeldBytes> {
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  const { data } = tf.backend() as MathBackendCPU;
  const sizes = new WeakMap<object, number>();
  let held = 0;
  let peak = 0;
  const [set, remove] = [data.set.bind(data), data.delete.bind(data)];
  data.set = (id, value) => {
    const size = (value.values?.length ?? 0) * tf.util.bytesPerElement(value.dtype);
    sizes.set(id, size);
    held += size;
    set(id, value);
  };
  data.delete = (id) => {
    held -= sizes.get(id) ?? 0;
    return remove(id);
  };
  const engine = tf.engine();
  const run = engine.runKernel.bind(engine);
  engine.runKernel = (...call) => {
    const result = run(...call);
    peak = Math.max(peak, held);
    return result as never;
  };
  return {
    async peakOf(work) {
      peak = held;
      await work();
      return peak;
    },
  };
}
