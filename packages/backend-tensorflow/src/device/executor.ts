import { MlanError, messageOf } from "@mlan/core";
import type { NativeBinding } from "./native-binding.ts";

/** The binding, with a count of ops and readable out-of-memory errors. */
export interface DeviceExecutor extends Pick<
  NativeBinding,
  "createTensor" | "deleteTensor" | "tensorDataSync" | "executeOp"
> {
  /** Number of ops dispatched to TensorFlow so far. */
  readonly dispatches: number;
}

/** Creates the executor. `currentBytes` returns the bytes of all tensors, for out-of-memory errors. */
export function deviceExecutor(binding: NativeBinding, device: string, currentBytes: () => number): DeviceExecutor {
  let dispatches = 0;
  const explained = <Result>(what: string, call: () => Result): Result => {
    try {
      return call();
    } catch (error) {
      throw isOutOfMemory(error) ? outOfMemory(what, device, currentBytes(), error) : error;
    }
  };
  return {
    get dispatches() {
      return dispatches;
    },
    createTensor: (shape, dtype, values) =>
      explained(`a tensor [${shape.join(", ")}]`, () => binding.createTensor(shape, dtype, values)),
    deleteTensor: (id) => binding.deleteTensor(id),
    tensorDataSync: (id) => explained("reading a tensor", () => binding.tensorDataSync(id)),
    executeOp(name, attributes, inputs, outputs) {
      dispatches++;
      return explained(`the op ${name}`, () => binding.executeOp(name, attributes, inputs, outputs));
    },
  };
}

/** Whether an error has TensorFlow's message for a failed allocation, on a GPU ("OOM when allocating") or elsewhere. */
function isOutOfMemory(error: unknown): boolean {
  return /TF_Status: 8\b|OOM when allocating|RESOURCE_EXHAUSTED|out of memory/i.test(messageOf(error));
}

function outOfMemory(what: string, device: string, bytes: number, cause: unknown): MlanError {
  return new MlanError(
    "unavailable",
    `backend-tensorflow: ${device} ran out of memory at ${what}, with ${(bytes / 1e9).toFixed(2)} GB of tensors ` +
      `(${firstLine(cause)}). Checkpoints on disk are unchanged. Lower microBatchSize or maximumLength, or set ` +
      'gradientCheckpointing: true or precision: "bfloat16" on the trainer; `npx mlan memory` shows what each needs.',
    { cause },
  );
}

/** Returns the first line of TensorFlow's message, without the binding's prefix. */
function firstLine(error: unknown): string {
  const message = messageOf(error).replace(/^Invalid TF_Status: \d+\s*Message: /, "");
  return message.split("\n", 1)[0]?.slice(0, 200) ?? "";
}
