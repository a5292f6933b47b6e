import { readBytes, type SafetensorsReader, type TensorEntry } from "@mlan/safetensors";
import { open } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import { checkpointResult } from "./read-tensors.ts";
import { EMBEDDING, HEAD } from "./tensor-names.ts";

const CHUNK_BYTES = 2 ** 22;

/**
 * Returns whether the files have an output layer that differs from the embedding. A `config.json` that ties the two is
 * then wrong, and the output layer is read, as in transformers 5. Compares all values, unless both tensors share a
 * place in a file, as in files of torch.save.
 */
export async function holdsOwnHead(reader: SafetensorsReader): Promise<boolean> {
  const [embedding, head] = [reader.entries.get(EMBEDDING), reader.entries.get(HEAD)];
  if (!embedding || !head) return false;
  if (embedding.shape.join() !== head.shape.join()) return true;
  if (isRowMajor(embedding) && isRowMajor(head) && embedding.dtype === head.dtype) {
    return !(await checkpointResult(async () => sameBytes(embedding, head)));
  }
  const [one, other] = await checkpointResult(async () => [await reader.read(EMBEDDING), await reader.read(HEAD)]);
  return one?.some((value, index) => value !== other?.[index]) ?? true;
}

function isRowMajor(entry: TensorEntry): boolean {
  return entry.strides === undefined;
}

async function sameBytes(one: TensorEntry, other: TensorEntry): Promise<boolean> {
  if (one.file.href === other.file.href && one.offset === other.offset) return true;
  if (one.byteLength !== other.byteLength) return false;
  await using first = await open(one.file);
  await using second = await open(other.file);
  const buffers = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)] as const;
  for (let done = 0; done < one.byteLength; done += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, one.byteLength - done);
    const chunks = buffers.map((buffer) => buffer.subarray(0, length));
    const [left = Buffer.alloc(0), right = Buffer.alloc(0)] = chunks;
    await readBytes(first, { bytes: left, position: one.offset + done }, () => shortened(one));
    await readBytes(second, { bytes: right, position: other.offset + done }, () => shortened(other));
    if (!left.equals(right)) return false;
  }
  return true;
}

function shortened({ file }: TensorEntry): MlanError {
  return new MlanError("invalid-checkpoint", `${pathOf(file)} became shorter while it was read. Download it again.`);
}
