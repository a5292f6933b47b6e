/** Bytes of the tensors that the backend holds, by where they lie. */
export interface HeldBytes {
  /** Written by the program: weights, inputs. */
  leaves: number;
  /** Computed: in ONNX Runtime's arena. */
  results: number;
  /** Read from mapped files; the system takes these pages back when it needs them. */
  mapped: number;
}

/** Nothing held. */
export function heldBytes(): HeldBytes {
  return { leaves: 0, results: 0, mapped: 0 };
}
