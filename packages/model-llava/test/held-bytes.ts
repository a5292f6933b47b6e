import "@tensorflow/tfjs-layers";
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";

export interface HeldBytes {
  /** The most bytes at a time while `work` runs, of what was made before too. */
  peakOf(work: () => Promise<void>): Promise<number>;
}

/**
 * Counts the bytes of all buffers that are made on tfjs's own `cpu` backend from now on, after every kernel; what one
 * needs while it runs is its own business. Buffers, not tensors: those that share data count once, where `peakBytes` of
 * `tf.profile` counts them as often as they are shared.
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
