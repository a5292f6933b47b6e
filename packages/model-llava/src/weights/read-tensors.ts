import { MlanError, pathOf, reasonOf } from "@mlan/core";
import { type WritableTensor, writableTensors } from "@mlan/fused-ops";
import type { SafetensorsReader } from "@mlan/safetensors";
import type * as tf from "@tensorflow/tfjs-core";

export interface StoredTensor {
  readonly reader: SafetensorsReader;
  /** Name of the tensor in the reader. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Receives the tensor and becomes its owner. */
  take(tensor: tf.Tensor): void;
}

/** Number of tensors read concurrently: the bytes of one are read while another is decoded. */
const SIDE_BY_SIDE = 2;
/** Number of tensors whose memory is allocated in advance. */
const AHEAD = 3;

/**
 * Reads float32 tensors directly into the backend's memory where possible, so that almost no other memory is needed.
 * Throws `invalid-checkpoint` for a tensor that cannot be read or has a value that is not finite, and the reason of
 * `signal`. On an error, disposes of tensors that were not taken.
 */
export async function readTensors(stored: readonly StoredTensor[], signal?: AbortSignal): Promise<void> {
  const tensors = writableTensors(stored.map(({ shape }) => shape));
  const taken = new Set<WritableTensor>();
  for (const tensor of tensors.slice(0, AHEAD)) tensor.prepare();
  const left = stored.entries();
  let failed = false;
  const readSome = async (): Promise<void> => {
    for (const [index, one] of left) {
      const tensor = tensors[index];
      if (failed || !tensor) return;
      try {
        signal?.throwIfAborted();
        tensors[index + AHEAD]?.prepare();
        await readTensor(one, tensor);
      } catch (error) {
        failed = true;
        throw error;
      }
      taken.add(tensor);
      one.take(tensor.finish());
    }
  };
  // All reads have ended before memory is freed, so nothing writes to freed memory.
  const ends = await Promise.allSettled(Array.from({ length: SIDE_BY_SIDE }, readSome));
  for (const tensor of tensors) if (!taken.has(tensor)) tensor.dispose();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function readTensor({ reader, name }: StoredTensor, tensor: WritableTensor): Promise<void> {
  const place = await checkpointResult(async () => reader.readInto(name, tensor.values));
  if (place < 0) return;
  throw notFinite({ reader, name }, tensor.values[place], place);
}

/** Returns the error for a tensor with a NaN or infinite value. */
export function notFinite(
  { reader, name }: Pick<StoredTensor, "reader" | "name">,
  value: number | undefined,
  place: number,
): MlanError {
  const { file, name: storedName = name } = reader.entries.get(name) ?? {};
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${file ? pathOf(file) : ""}: tensor "${storedName}" holds ${value} at index ${place}, from which no ` +
      "answer can be computed. Download the checkpoint again, or use an earlier one.",
  );
}

/** Returns the result of `read`. Converts its errors to `invalid-checkpoint` errors. */
export async function checkpointResult<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw new MlanError("invalid-checkpoint", `model-llava: ${reasonOf(cause)}`, { cause });
  }
}
