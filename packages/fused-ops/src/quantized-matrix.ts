import * as tf from "@tensorflow/tfjs-core";
import { type FrozenMatrix, throughWidened } from "./frozen-matrix.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { lookUp, readFloats, readWords } from "./matrix-bytes.ts";
import type { QuantizedValues } from "./quantize.ts";

/**
 * Creates a matrix in the current backend that keeps its 4 or 8 bits per value. Throws a `RangeError` for a wrong
 * number of codes or scales.
 *
 * The kernel "QuantizedMatrix", with the fields of {@link QuantizedValues} as attributes, returns the codes, the
 * scales, and the packed matrix. "MatMulQuantized" (inputs `x`, `packed`) multiplies with the packed matrix.
 * "WidenQuantized" (inputs `codes`, `scales`) converts it to float32. Without these kernels, the codes are looked up in
 * a table.
 */
export function quantizedMatrix(quantized: QuantizedValues): FrozenMatrix {
  checkLengths(quantized);
  const { rows, columns, bits, blockSize } = quantized;
  const kept = fusedKernel("QuantizedMatrix", {}, { ...quantized }) ?? [];
  const sizes = { rows, columns, bits, blockSize };
  return { rows, columns, bits, ...(kept.length === 0 ? composed(quantized) : inBackend(kept, sizes)) };
}

/** Throws for wrong lengths, because a backend's kernel would read out of bounds. */
function checkLengths({ rows, columns, bits, blockSize, codes, scales }: QuantizedValues): void {
  const blocks = rows * Math.ceil(columns / blockSize);
  const bytes = (blocks * blockSize * bits) / 8;
  const found = codes instanceof Uint8Array ? codes.byteLength : bytes;
  const foundScales = scales instanceof Float32Array ? scales.length : blocks;
  if (foundScales === blocks && found === bytes) return;
  throw new RangeError(
    `fused-ops: ${found} bytes of codes and ${foundScales} scales were given for a matrix [${rows}, ${columns}] of ${bits} bits ` +
      `in blocks of ${blockSize}, which has ${bytes} and ${blocks}.`,
  );
}

type Sizes = Pick<QuantizedValues, "rows" | "columns" | "bits" | "blockSize">;

type Operations = Pick<FrozenMatrix, "widen" | "rowsAt" | "multiply" | "releasePages" | "dispose">;

function inBackend(kept: readonly tf.Tensor[], sizes: Sizes): Operations {
  for (const tensor of kept) tf.keep(tensor);
  const [codes, scales, packed] = kept;
  if (!codes || !scales || !packed) throw new Error("QuantizedMatrix has three results");
  const run = (kernelName: string, inputs: tf.NamedTensorMap, attributes: object = {}): tf.Tensor2D => {
    const [result] = fusedKernel(kernelName, inputs, { ...attributes }) ?? [];
    if (!result) throw new Error("the backend that keeps a quantized matrix is not the current one");
    return result as tf.Tensor2D;
  };
  return {
    ...throughWidened(() => run("WidenQuantized", { codes, scales }, sizes)),
    multiply: (x) => run("MatMulQuantized", { x, packed }),
    releasePages: () => void fusedKernel("ReleasePages", { codes, scales }),
    dispose: () => tf.dispose([...kept]),
  };
}

function composed(quantized: QuantizedValues): Operations {
  const { rows, columns, bits, blockSize } = quantized;
  const blocks = Math.ceil(columns / blockSize);
  const count = rows * blocks * blockSize;
  const codes = readWords(quantized.codes, (count * bits) / 8, bits);
  const scales = tf.tensor(readFloats(quantized.scales, rows * blocks), [rows, blocks, 1]);
  const values = tf.tensor1d(Float32Array.from({ length: 2 ** bits }, (_, code) => code - 2 ** (bits - 1)));
  for (const tensor of [codes.words, scales, values]) tf.keep(tensor);
  const widen = (): tf.Tensor2D =>
    tf.tidy(() => {
      const blocked = tf.reshape(lookUp(codes, values, count), [rows, blocks, blockSize]);
      const padded = tf.reshape<tf.Rank.R2>(tf.mul(blocked, scales), [rows, blocks * blockSize]);
      return tf.slice(padded, [0, 0], [rows, columns]);
    });
  return {
    ...throughWidened(widen),
    releasePages: () => {},
    dispose: () => tf.dispose([codes.words, scales, values]),
  };
}
