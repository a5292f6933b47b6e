import type { Dtype } from "@mlan/safetensors";

/** A storage beside the pickle: a row of numbers that one or more tensors are views of. */
export class Storage {
  /** Its record is called `data/<key>`. */
  readonly key: string;
  /** Undefined for plain bytes. */
  readonly dtype: Dtype | undefined;
  /** Elements of the dtype; bytes where there is none. */
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
