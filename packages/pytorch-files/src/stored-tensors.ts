import type { Dtype } from "@mlan/safetensors";

/** A storage of PyTorch: an array of numbers, in its own record of the archive. Tensors are views of storages. */
export class Storage {
  /** The storage's record in the archive is named `data/<key>`. */
  readonly key: string;
  /** The type of the elements. Undefined for plain bytes. */
  readonly dtype: Dtype | undefined;
  /** Number of elements, or number of bytes without a dtype. */
  readonly length: number;

  constructor(key: string, dtype: Dtype | undefined, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

/** A view of a storage. Offset and strides count elements. */
export class TensorView {
  readonly storage: Storage;
  readonly dtype: Dtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(
    storage: Storage,
    dtype: Dtype,
    place: { offset: number; shape: readonly number[]; strides: readonly number[] },
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = place.offset;
    this.shape = place.shape;
    this.strides = place.strides;
  }
}
