import type { FileHandle } from "node:fs/promises";
import type { Dtype } from "./dtype.ts";
import type { SafetensorsErrorCode } from "./errors.ts";

/** Where one tensor lies in its file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly file: URL;
  /** First byte, counted from the beginning of the file. */
  readonly offset: number;
  /** From the first to the last byte. */
  readonly byteLength: number;
  /** Where elements are not in row-major order one after the other: by how many elements each axis advances in the file. */
  readonly strides?: readonly number[];
  /** The part of the file around the tensor that has a checksum. */
  readonly checked?: CheckedBytes;
}

/** A part of a file whose CRC-32 is known. */
export interface CheckedBytes {
  readonly offset: number;
  readonly byteLength: number;
  readonly crc32: number;
}

/** A file format of weights: how its folders are laid out, and where a file's tensors are. */
export interface WeightFormat {
  /** What messages call one of its files, such as "*.safetensors file". */
  readonly fileKind: string;
  /** The file of a folder that has no shards. */
  readonly singleFile: string;
  /** The list of a folder's shards. */
  readonly indexFile: string;
  readonly error: WeightErrorClass;
  /** The names of the weight files of a folder that has neither of the two. Throws where there are none. */
  otherFiles(folder: URL, names: readonly string[]): readonly string[];
  /** The tensors of a file; what the file says of them must fit the file and itself, so that no later read goes astray. */
  readEntries(handle: FileHandle, file: URL): Promise<readonly TensorEntry[]>;
}

/** The typed error of a format. */
interface WeightErrorClass {
  new (code: SafetensorsErrorCode, message: string, options?: ErrorOptions): Error;
  is(error: unknown): boolean;
}
