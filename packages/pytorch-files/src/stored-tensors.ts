import type { Dtype } from "@mlan/safetensors";

/** A storage, in a separate record of the archive: an array of numbers. Tensors are views of it. */
export class Storage {
  /** The key; the storage's record in the archive is named `data/<key>`. */
  readonly key: string;
  /** The type of the elements; undefined for plain bytes. */
  readonly dtype: Dtype | undefined;
  /** Number of elements; number of bytes if there is no dtype. */
  readonly length: number;

  constructor(key: string, dtype: Dtype | undefined, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

/** A view of a storage; offset and strides count elements. */
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
