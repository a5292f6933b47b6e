import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Recorder } from "../../kernel.ts";

/**
 * Runs a kernel that consists of other kernels. Disposes the tensors that `body` creates, except its result, which must
 * be one of them.
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
    // All tensors in `made` are disposed at the end.
    disposeIntermediate: () => undefined,
  };
}
