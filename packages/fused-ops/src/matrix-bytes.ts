import { closeSync, openSync, readSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";

/** A range of a file with little-endian values. The file must not change while it is in use. */
export interface FilePlace {
  readonly file: URL;
  readonly byteOffset: number;
}

/** The little-endian bytes of a matrix, in memory or in a file. */
export type MatrixSource = Uint8Array | FilePlace;

/** Codes of `bits` bits, packed into 32-bit words from the lowest bits up. */
export interface CodeWords {
  readonly words: tf.Tensor1D;
  readonly bits: 4 | 8 | 16;
}

/**
 * Reads `byteLength` bytes from a source as int32 words. Throws a `RangeError` for an array of a different length, and
 * for a file with fewer bytes.
 */
export function readWords(source: MatrixSource, byteLength: number, bits: CodeWords["bits"]): CodeWords {
  const padded = new Uint8Array(4 * Math.ceil(byteLength / 4));
  padded.set(bytesOf(source, byteLength));
  return { words: tf.tensor1d(new Int32Array(padded.buffer), "int32"), bits };
}

/** Returns the values [count] of the first `count` codes, looked up in `values` [2 ** bits]. */
export function lookUp({ words, bits }: CodeWords, values: tf.Tensor1D, count: number): tf.Tensor1D {
  const perWord = 32 / bits;
  const codes = tf.stack(
    Array.from({ length: perWord }, (_, place) =>
      // A division that rounds down is an arithmetic shift, for negative words too.
      tf.mod(tf.floorDiv(words, tf.scalar(2 ** (bits * place), "int32")), tf.scalar(2 ** bits, "int32")),
    ),
    1,
  );
  const flat = tf.slice(tf.reshape(codes, [words.size * perWord]), [0], [count]);
  return tf.gather(values, tf.cast(flat, "int32"));
}

/** Returns the first `length` float32 values of a source. Throws a `RangeError` if there are fewer. */
export function readFloats(source: Float32Array | FilePlace, length: number): Float32Array {
  return source instanceof Float32Array ? source : new Float32Array(bytesOf(source, 4 * length).buffer);
}

function bytesOf(source: MatrixSource, byteLength: number): Uint8Array {
  const bytes = source instanceof Uint8Array ? source : readPart(source.file, source.byteOffset, byteLength);
  if (bytes.byteLength === byteLength) return bytes;
  throw new RangeError(`fused-ops: ${bytes.byteLength} bytes were given for a matrix of ${byteLength}.`);
}

function readPart(file: URL, byteOffset: number, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  const descriptor = openSync(file, "r");
  try {
    for (let done = 0; done < byteLength;) {
      // One read returns at most 2 GiB.
      const read = readSync(descriptor, bytes, done, Math.min(byteLength - done, 2 ** 30), byteOffset + done);
      if (read === 0) return bytes.subarray(0, done);
      done += read;
    }
  } finally {
    closeSync(descriptor);
  }
  return bytes;
}
