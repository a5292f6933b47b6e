import type { Tensor } from "@tensorflow/tfjs-core";

/** Where tensors live and are computed: one of TensorFlow.js's backends, as a service that an experiment uses. */
export interface Compute {
  readonly specVersion: 1;
  /** As TensorFlow.js calls the backend, e.g. "onnx". */
  readonly name: string;
  /**
   * Loads the native part and makes the backend TensorFlow.js's current one; to be awaited before the first tensor, and
   * whenever another backend may have become current since. Cheap when nothing is to be done. Throws `unavailable` that
   * names what is missing with the command that installs it, `invalid-options` where the process already computes with
   * other options.
   */
  open(): Promise<void>;
  /**
   * A function that does what `fn` does, recorded once per signature (structure, shapes and dtypes of the arguments, and
   * the value of those that are no tensors) and replayed from then on. What `fn` does beside tensor operations may thus
   * happen only once: random numbers and numbers from outside become constants. Variables that `fn` assigns are updated by
   * each call. A compute that cannot record calls `fn` each time.
   *
   * Arguments and result are tensors in arrays and plain objects, beside numbers, booleans, strings, null and undefined.
   * The result belongs to the caller's `tf.tidy`, all else is given back. `fn` must not read a tensor's data.
   */
  compile<Parameters extends readonly unknown[], Result>(
    fn: (...parameters: Parameters) => Result,
    options?: CompiledOptions<Parameters>,
  ): CompiledFunction<Parameters, Result>;
  /** What the device was used for since this was asked last. Absent where it is not counted. */
  usage?(): DeviceUse;
}

export interface CompiledOptions<Parameters extends readonly unknown[] = readonly unknown[]> {
  /**
   * Arguments that a call uses up: they are disposed of when it ends, and a result that replaces some of their values may
   * take their memory instead of a copy of it. Default none.
   */
  readonly donated?: (...parameters: Parameters) => readonly Tensor[];
  /**
   * Tensors and variables that do not change from call to call, say the weights while text is generated: what is computed
   * from them alone may be prepared once. When one of them has changed, the function is recorded again. Default none.
   */
  readonly frozen?: readonly Tensor[];
  /** Signatures whose recordings are kept; the one used longest ago goes. Default 32. */
  readonly signatures?: number;
}

/** A function that is recorded once per signature of its arguments, and run without recording from then on. */
export interface CompiledFunction<Parameters extends readonly unknown[], Result> {
  (...parameters: Parameters): Result;
  /** How many signatures are recorded; 0 where nothing is. */
  readonly signatures: number;
  /** Gives up all recordings, with what they hold; the function can still be called. */
  dispose(): void;
}

export interface DeviceUse {
  /** Operations that were handed to the device. */
  readonly dispatches: number;
  /** The most that tensors held on the device, in bytes. */
  readonly peakBytes: number;
}
