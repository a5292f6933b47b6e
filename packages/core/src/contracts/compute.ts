import type { Tensor } from "@tensorflow/tfjs-core";

/** Where tensors are stored and computed: a TensorFlow.js backend, provided to an experiment as a service. */
export interface Compute {
  readonly specVersion: 1;
  /** TensorFlow.js's name of the backend, e.g. "onnx". */
  readonly name: string;
  /**
   * Loads the native library and makes this TensorFlow.js's current backend. Await it before creating the first tensor,
   * and again whenever another backend may have become current. Cheap when nothing has changed. Throws `unavailable`,
   * naming what is missing and the command that installs it, and `invalid-options` when the process already uses the
   * backend with other options.
   */
  open(): Promise<void>;
  /**
   * Returns a function equivalent to `fn` that is recorded once per signature (structure, shapes and dtypes of the
   * arguments, and the values of arguments that are not tensors) and replayed from then on. Side effects of `fn` other
   * than tensor operations may thus happen only once, and random numbers and values from outside become constants.
   * Variables that `fn` assigns are updated by every call. A compute that cannot record calls `fn` each time.
   *
   * Arguments and result are tensors, numbers, booleans, strings, null and undefined, nested in arrays and plain
   * objects. The result belongs to the caller's `tf.tidy`; all other tensors are disposed of. `fn` must not read a
   * tensor's data.
   */
  compile<Parameters extends readonly unknown[], Result>(
    fn: (...parameters: Parameters) => Result,
    options?: CompiledOptions<Parameters>,
  ): CompiledFunction<Parameters, Result>;
  /**
   * Whether the device has its own memory for tensors, as GPUs do, so that the machine's memory does not limit them.
   * Default false.
   */
  readonly hasOwnMemory?: boolean;
  /** Returns the use of the device since the previous call. Absent when the compute does not measure it. */
  usage?(): DeviceUse;
}

export interface CompiledOptions<Parameters extends readonly unknown[] = readonly unknown[]> {
  /**
   * Selects the arguments that a call consumes. They are disposed of when the call ends, except those that it returns.
   * The memory of such an argument may be reused for a result that differs from it in some values only. Default: none.
   */
  readonly donated?: (...parameters: Parameters) => readonly Tensor[];
  /**
   * Tensors and variables that do not change between calls, e.g. the weights during generation: values that depend only
   * on them may be computed once. When one of them changes, the function is recorded again. Default: none.
   */
  readonly frozen?: readonly Tensor[];
  /** Maximum number of recorded signatures; the least recently used is dropped first. Default 32. */
  readonly signatures?: number;
}

/** A function that is recorded once per signature of its arguments and replayed from then on. */
export interface CompiledFunction<Parameters extends readonly unknown[], Result> {
  (...parameters: Parameters): Result;
  /** Number of recorded signatures; 0 on a compute that does not record. */
  readonly signatures: number;
  /** Releases all recordings and their memory; the function can still be called. */
  dispose(): void;
}

export interface DeviceUse {
  /** Number of operations dispatched to the device. */
  readonly dispatches: number;
  /** Peak size of all tensors on the device, in bytes. */
  readonly peakBytes: number;
}

/**
 * Wraps `fn` for a compute that cannot record: `donated` arguments are disposed of when a call ends, except those that
 * it returns. `tensorsIn` lists the tensors of a result, as `tf.tensor_util.getTensorsInContainer` does.
 */
export function disposingDonated<Parameters extends readonly unknown[], Result>(
  fn: (...parameters: Parameters) => Result,
  donated: (...parameters: Parameters) => readonly Tensor[],
  tensorsIn: (result: Result) => readonly Tensor[],
): (...parameters: Parameters) => Result {
  return (...parameters) => {
    const consumed = new Set(donated(...parameters));
    try {
      const result = fn(...parameters);
      for (const tensor of tensorsIn(result)) consumed.delete(tensor);
      return result;
    } finally {
      for (const tensor of consumed) tensor.dispose();
    }
  };
}
