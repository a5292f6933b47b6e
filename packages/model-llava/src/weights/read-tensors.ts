import { messageOf, MlanError, pathOf } from "@mlan/core";
import { type WritableTensor, writableTensors } from "@mlan/fused-ops";
import type { SafetensorsReader } from "@mlan/safetensors";
import type * as tf from "@tensorflow/tfjs-core";

/** A stored tensor to be read. */
export interface StoredTensor {
  readonly reader: SafetensorsReader;
  /** Its name in the reader. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Takes it over. */
  take(tensor: tf.Tensor): void;
}

/** Two at a time: while bytes of one are read, those of another are decoded. */
const SIDE_BY_SIDE = 2;
/** Tensors whose memory the system gets ready meanwhile. */
const AHEAD = 3;

/**
 * Reads float32 tensors straight into their memory, where the backend lends it, so that little more than the tensors is ever
 * in memory. Throws `invalid-checkpoint` for one that cannot be read or holds a value that is not finite, and the reason of
 * `signal`; those that were not taken by then are given back.
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
  // All have ended before memory is given back: none writes there any more.
  const ends = await Promise.allSettled(Array.from({ length: SIDE_BY_SIDE }, readSome));
  for (const tensor of tensors) if (!taken.has(tensor)) tensor.dispose();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function readTensor({ reader, name }: StoredTensor, tensor: WritableTensor): Promise<void> {
  const place = await checkpointResult(async () => reader.readInto(name, tensor.values));
  if (place < 0) return;
  const file = reader.entries.get(name)?.file;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${file ? pathOf(file) : ""}: tensor "${name}" holds ${tensor.values[place]} at place ${place}, from which no ` +
      "answer can be computed. Take the checkpoint from its source again, or the one before it.",
  );
}

/** What reading a checkpoint gives, its errors as `invalid-checkpoint` errors. */
export async function checkpointResult<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw new MlanError("invalid-checkpoint", `model-llava: ${messageOf(cause)}`, { cause });
  }
}
