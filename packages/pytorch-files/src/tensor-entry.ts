import {
  type CheckedBytes,
  elementBytesOf,
  elementsOf,
  rowMajorStrides,
  shown,
  type TensorEntry,
} from "@mlan/safetensors";
import { damaged, unsupported } from "./errors.ts";
import type { TensorView } from "./stored-tensors.ts";

/** Maximum size in bytes of a view that repeats values. */
const MOST_REPEATED_BYTES = 2 ** 28;

/**
 * Returns the tensor's location in its file. `record` is the record of its storage. Throws for a view beyond the end of
 * the storage.
 */
export function tensorEntry(name: string, view: TensorView, record: CheckedBytes | undefined, file: URL): TensorEntry {
  const { storage, dtype, shape, strides, offset } = view;
  const tensor = `tensor ${shown(name)}`;
  if (!record) throw damaged(file, `the storage ${shown(storage.key)} of ${tensor} is missing`);
  const needed = storage.length * (storage.dtype === undefined ? 1 : elementBytesOf(storage.dtype));
  if (needed !== record.byteLength) {
    throw damaged(file, `the storage of ${tensor} has ${record.byteLength} bytes where ${needed} were expected`);
  }
  if (shape.length !== strides.length) {
    throw damaged(file, `${tensor} has the shape ${shown(shape)} and the strides ${shown(strides)}`);
  }
  const size = elementBytesOf(dtype);
  const span = shape.includes(0)
    ? 0
    : 1 + shape.reduce((sum, axis, index) => sum + (axis - 1) * (strides[index] ?? 0), 0);
  if (span > 0 && (offset + span) * size > record.byteLength) {
    throw damaged(file, `${tensor} ends at element ${offset + span}, its storage at ${record.byteLength / size}`);
  }
  const bytes = elementsOf(shape) * size;
  if (bytes > Math.max(record.byteLength, MOST_REPEATED_BYTES)) {
    const what = `repeats ${record.byteLength} bytes until ${tensor} has ${bytes}`;
    throw unsupported(file, what, "Save it with .contiguous() if that is meant");
  }
  const rowMajor = rowMajorStrides(shape);
  const isRowMajor = span === 0 || strides.every((stride, axis) => shape[axis] === 1 || stride === rowMajor[axis]);
  return {
    name,
    dtype,
    shape,
    file,
    offset: record.offset + (span === 0 ? 0 : offset * size),
    byteLength: span * size,
    ...(!isRowMajor && { strides }),
    // torch.save can omit checksums, and then writes 0.
    ...(record.crc32 !== 0 && { checked: record }),
  };
}
