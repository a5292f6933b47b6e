import type { FileHandle } from "node:fs/promises";
import type { Dtype } from "./dtype.ts";
import type { SafetensorsErrorCode } from "./errors.ts";

/** The type of a tensor and its location in a file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly file: URL;
  /** Offset of the tensor's first byte in the file. */
  readonly offset: number;
  /** Number of bytes from the tensor's first to its last byte. */
  readonly byteLength: number;
  /** Strides of the axes in elements; undefined for a row-major tensor. */
  readonly strides?: readonly number[];
  /** The part of the file that contains the tensor and has a checksum. */
  readonly checked?: CheckedBytes;
}

/** A part of a file with a known CRC-32. */
export interface CheckedBytes {
  readonly offset: number;
  readonly byteLength: number;
  readonly crc32: number;
}

/** A file format for weights: the layout of its folders and files. */
export interface WeightFormat {
  /** Name of a file of this format in messages, e.g. "*.safetensors file". */
  readonly fileKind: string;
  /** Name of the weight file in a folder without shards. */
  readonly singleFile: string;
  /** Name of the index of a folder's shards. */
  readonly indexFile: string;
  readonly error: WeightErrorClass;
  /**
   * Returns the names of the weight files in a folder with neither a single file nor an index. Throws if there are
   * none.
   */
  otherFiles(folder: URL, names: readonly string[]): readonly string[];
  /**
   * Returns the tensors of a file. Must check the entries against the file, so that later reads stay inside the file.
   */
  readEntries(handle: FileHandle, file: URL): Promise<readonly TensorEntry[]>;
}

interface WeightErrorClass {
  new (code: SafetensorsErrorCode, message: string, options?: ErrorOptions): Error;
  is(error: unknown): boolean;
}
