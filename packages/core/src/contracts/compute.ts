import type { Tensor } from "@tensorflow/tfjs-core";

/** The service that stores and computes tensors, by means of a TensorFlow.js backend. */
export interface Compute {
  readonly specVersion: 1;
  /** The backend's name in TensorFlow.js, e.g. "onnx". */
  readonly name: string;
  /**
   * Loads the native library and selects the backend in TensorFlow.js. Call `open` before creating the first tensor,
   * and again whenever another backend may have been selected; repeated calls are cheap. Throws `unavailable`, with the
   * command that installs what is missing, and `invalid-options` when the process already uses the backend with other
   * options.
   */
  open(): Promise<void>;
  /**
   * Returns a function equivalent to `fn` that records the tensor operations of `fn` once per signature and replays
   * them afterwards. A signature consists of the structure, shapes and dtypes of the arguments, and of the values of
   * arguments that are not tensors. Other side effects of `fn` may happen only once; random numbers and values from
   * outside `fn` become constants; variables that `fn` assigns are updated by every call. A compute backend that cannot
   * record calls `fn` each time.
   *
   * Arguments and result are tensors, numbers, booleans, strings, null and undefined, nested in arrays and plain
   * objects. The caller's `tf.tidy` owns the result. All other tensors are disposed of. `fn` must not read the data of
   * a tensor.
   */
  compile<Parameters extends readonly unknown[], Result>(
    fn: (...parameters: Parameters) => Result,
    options?: CompiledOptions<Parameters>,
  ): CompiledFunction<Parameters, Result>;
  /**
   * Whether the device has its own memory for tensors, as a GPU does. The machine's memory then does not limit tensors.
   * Default false.
   */
  readonly hasOwnMemory?: boolean;
  /**
   * Whether every trained parameter has memory for its gradient during the whole training, where the optimizer reads it,
   * rather than only from the backward pass to the update. Default false.
   */
  readonly keepsGradients?: boolean;
  /**
   * Memory that the compute backend reserves beyond the computed tensors in use, as a fraction of their size, e.g.
   * 0.05. Default 0.
   */
  readonly spareMemory?: number;
  /** Returns the use of the device since the previous call. Absent when the compute backend does not measure it. */
  usage?(): DeviceUse;
}

export interface CompiledOptions<Parameters extends readonly unknown[] = readonly unknown[]> {
  /**
   * Selects the arguments that a call consumes: they are disposed of at the end of the call unless the call returns
   * them, and their memory may be reused for results. Default: none.
   */
  readonly donated?: (...parameters: Parameters) => readonly Tensor[];
  /**
   * Tensors and variables that rarely change between calls, e.g. the weights during generation. Values that depend only
   * on frozen tensors may be computed once. When a frozen tensor changes, the function is recorded again. Default:
   * none.
   */
  readonly frozen?: readonly Tensor[];
  /** Maximum number of recordings. The least recently used recording is dropped first. Default 32. */
  readonly signatures?: number;
}

/** See {@link Compute.compile}. */
export interface CompiledFunction<Parameters extends readonly unknown[], Result> {
  (...parameters: Parameters): Result;
  /** Number of recordings; 0 if the compute backend does not record. */
  readonly signatures: number;
  /** Releases all recordings. The function can still be called. */
  dispose(): void;
}

export interface DeviceUse {
  readonly dispatches: number;
  /** Peak size of all tensors on the device, in bytes. */
  readonly peakBytes: number;
}

/**
 * Implements {@link CompiledOptions.donated} for a compute backend that cannot record. `tensorsIn` lists the tensors of
 * a result, as `tf.tensor_util.getTensorsInContainer` does.
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
