/** Bytes of the backend's tensors, by the kind of memory. */
export interface TensorBytes {
  /** Bytes of tensors from JavaScript: weights, inputs. */
  leaves: number;
  /** Bytes of computed tensors, in ONNX Runtime's arena. */
  results: number;
  /** Bytes of tensors mapped from files. The system reclaims their pages when it needs memory. */
  mapped: number;
}

/** Creates counters that start at zero. */
export function tensorBytes(): TensorBytes {
  return { leaves: 0, results: 0, mapped: 0 };
}
