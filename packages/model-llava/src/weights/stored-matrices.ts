import { storedMatrix, type StoredFormat } from "@mlan/fused-ops";
import type { Dtype, TensorEntry } from "@mlan/safetensors";
import { checkpointResult, notFinite } from "./read-tensors.ts";
import type { Weight } from "./weight.ts";
import type { PlannedWeight } from "./weight-plan.ts";

const FORMATS: Partial<Record<Dtype, StoredFormat>> = { BF16: "bfloat16", F16: "float16" };

/** A weight whose values are memory-mapped from its file. */
interface Stored {
  readonly target: Weight;
  readonly planned: PlannedWeight;
  readonly entry: TensorEntry;
  readonly format: StoredFormat;
}

/**
 * Describes a weight that can be memory-mapped: 16 bits per value, row-major, without an update. Returns undefined for
 * any other weight.
 */
export function storedIn(planned: PlannedWeight, target: Weight): Stored | undefined {
  const entry = planned.reader.entries.get(planned.name);
  const format = entry && FORMATS[entry.dtype];
  if (!entry || !format || planned.update || entry.strides || entry.offset % 2 !== 0) return undefined;
  return { target, planned, entry, format };
}

/**
 * Memory-maps the weights as matrices and checks every value. Throws `invalid-checkpoint` for a tensor that cannot be
 * read or has a value that is not finite, and the reason of `signal`.
 */
export async function openStored(all: readonly Stored[], signal?: AbortSignal): Promise<void> {
  const scratch = new Float32Array(Math.max(0, ...all.map(({ target }) => target.size)));
  for (const { target, planned, entry, format } of all) {
    signal?.throwIfAborted();
    const [rows = 1, columns = 1] = target.shape;
    target.keep(storedMatrix({ file: entry.file, byteOffset: entry.offset }, [rows, columns], format));
    const values = scratch.subarray(0, target.size);
    // Read after mapping: reading throws if the file was replaced, so the checked values are the mapped ones.
    const place = await checkpointResult(() => planned.reader.readInto(planned.name, values));
    if (place >= 0) throw notFinite(planned, values[place], place);
  }
}
