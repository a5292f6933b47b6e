/** Bytes of the backend's tensors, by the kind of memory. */
export interface TensorBytes {
  /** Written by JavaScript: weights, inputs. */
  leaves: number;
  /** Computed, in ONNX Runtime's arena. */
  results: number;
  /** Mapped from files; the system reclaims these pages when it needs memory. */
  mapped: number;
}

/** Counters that start at zero. */
export function tensorBytes(): TensorBytes {
  return { leaves: 0, results: 0, mapped: 0 };
}
