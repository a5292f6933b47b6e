import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Recorder } from "../../kernel.ts";

/**
 * Runs a kernel that is written in terms of others: what `body` made on the way is given back, its result is kept.
 * `body` must return a tensor that it made.
 */
export function compose(recorder: Recorder, body: (recorder: Recorder) => TensorInfo): TensorInfo {
  const made: TensorInfo[] = [];
  let result: TensorInfo | undefined;
  try {
    result = body(noting(recorder, made));
    return result;
  } finally {
    for (const tensor of made) if (tensor !== result) recorder.disposeIntermediate(tensor);
  }
}

function noting(recorder: Recorder, made: TensorInfo[]): Recorder {
  const note = (tensor: TensorInfo): TensorInfo => {
    made.push(tensor);
    return tensor;
  };
  return {
    record: (...call) => note(recorder.record(...call)),
    recordAll: (...call) => recorder.recordAll(...call).map(note),
    alias: (...call) => note(recorder.alias(...call)),
    constant: (...call) => note(recorder.constant(...call)),
    value: (tensor) => recorder.value(tensor),
    isFixed: (tensor) => recorder.isFixed(tensor),
    readSync: (dataId) => recorder.readSync(dataId),
    // Already noted: given back once, at the end.
    disposeIntermediate: () => undefined,
  };
}
