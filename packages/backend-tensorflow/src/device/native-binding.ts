/** Values that are copied between JavaScript and the device; never bfloat16. */
export type HostValues = Float32Array | Int32Array | Uint8Array | readonly Uint8Array[];

export interface OpAttribute {
  readonly name: string;
  /** One of the binding's TF_ATTR_* numbers. */
  readonly type: number;
  readonly value: unknown;
}

/** A result of `executeOp`. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  /** TensorFlow's type number (`tensorflow/c/tf_datatype.h`). */
  readonly dtype: number;
}

/**
 * The used part of the addon of @tensorflow/tfjs-node-gpu (its `src/tfjs_binding.ts`). The functions throw an `Error`
 * with TensorFlow's status message.
 */
export interface NativeBinding {
  createTensor(shape: readonly number[], dtype: number, values: HostValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): HostValues;
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  isUsingGpuDevice(): boolean;
  readonly TF_Version: string;
}

/** TensorFlow's numbers for the types of mlan's tensors (`tensorflow/c/tf_datatype.h`). */
export const DataType = { float: 1, int32: 3, uint8: 4, complex64: 8, int64: 9, bool: 10, bfloat16: 14 } as const;

/** TensorFlow's numbers for the kinds of attributes (`tensorflow/c/tf_attrtype.h`). */
export const AttributeType = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

const BYTES: Readonly<Record<number, number>> = {
  [DataType.float]: 4,
  [DataType.int32]: 4,
  [DataType.uint8]: 1,
  [DataType.complex64]: 8,
  [DataType.int64]: 8,
  [DataType.bool]: 1,
  [DataType.bfloat16]: 2,
};

/** Returns the bytes of a tensor's elements; 0 for strings and resources, whose size is unknown. */
export function byteLength({ shape, dtype }: { readonly shape: readonly number[]; readonly dtype: number }): number {
  return shape.reduce((product, length) => product * length, BYTES[dtype] ?? 0);
}

export function typeAttribute(name: string, value: number): OpAttribute {
  return { name, type: AttributeType.type, value };
}

export function boolAttribute(name: string, value: boolean): OpAttribute {
  return { name, type: AttributeType.bool, value };
}
