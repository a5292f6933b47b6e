import { messageOf, MlanError, type OpenOptions, pathOf } from "@mlan/core";
import { hasFrozenMatrices, quantize, quantizedMatrix } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import {
  bytesToWrite,
  findQuantized,
  type MakingOptions,
  type MatrixToQuantize,
  QUANTIZED_FOLDER,
  quantizedFile,
} from "./quantized-file.ts";
import { checkpointResult, notFinite } from "./read-tensors.ts";
import { firstNotFinite } from "@mlan/safetensors";
import { openStored, storedIn } from "./stored-matrices.ts";
import type { Weight } from "./weight.ts";
import {
  isQuantized,
  isQuantizedFormat,
  type Quantization,
  quantizationOf,
  type QuantizedFormat,
  staysStored,
  type WeightFormat,
} from "./weight-format.ts";
import type { PlannedWeight, WeightPlan } from "./weight-plan.ts";

interface PlannedPair {
  readonly planned: PlannedWeight;
  readonly target: Weight;
}

interface KeepOptions {
  readonly format: WeightFormat;
  /** Whether quantized matrices are saved in the folder `quantized` beside their weight files. */
  readonly keepsQuantized: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onDownload: OpenOptions["onDownload"] | undefined;
}

/**
 * Opens the decoder's matrices with fewer bits than float32 and returns their weights. All other weights must be read
 * as float32: weights outside the format, weights with an adapter's update, trained weights and, with "stored", weights
 * with 32 bits in their file. Throws `invalid-options` on a backend without kernels for the format.
 */
export async function keepMatrices(
  pairs: readonly PlannedPair[],
  { format, keepsQuantized, signal, onDownload }: KeepOptions,
): Promise<ReadonlySet<Weight>> {
  if (format === "float32") return new Set();
  if (!hasFrozenMatrices()) throw withoutKernels(format);
  const frozen = pairs.filter(({ target }) => !target.learns);
  const stored = frozen.flatMap(({ planned, target }) =>
    staysStored(target, format) ? (storedIn(planned, target) ?? []) : [],
  );
  await openStored(stored, signal);
  const kept = new Set(stored.map(({ target }) => target));
  if (!isQuantizedFormat(format)) return kept;
  const { chosen, matrices, folder } = toQuantize(frozen, format);
  const quantized =
    folder &&
    (keepsQuantized
      ? await keptIn(folder, matrices, format, { signal, onDownload })
      : await findQuantized(folder, matrices, format));
  for (const [index, { target }] of chosen.entries()) {
    signal?.throwIfAborted();
    const matrix = matrices[index];
    const values = quantized?.get(target.name) ?? (matrix && quantize(await matrix.values(), matrix.shape, matrix));
    if (values) target.keep(quantizedMatrix(values));
    kept.add(target);
  }
  return kept;
}

interface ToQuantize {
  readonly chosen: readonly PlannedPair[];
  /** The matrices to quantize, one for each entry of `chosen`. */
  readonly matrices: readonly MatrixToQuantize[];
  /** The folder of the file with the quantized matrices. */
  readonly folder: URL | undefined;
}

function toQuantize(frozen: readonly PlannedPair[], format: QuantizedFormat): ToQuantize {
  const chosen = frozen.filter(({ planned, target }) => isQuantized(target) && !planned.update);
  const matrices = chosen.map((pair) => matrixOf(pair, quantizationOf(pair.target, format)));
  const weights = chosen[0]?.planned.reader.entries.get(chosen[0].planned.name)?.file;
  return { chosen, matrices, folder: weights && new URL(QUANTIZED_FOLDER, weights) };
}

/** Returns the size in bytes of the file that opening a model in a format will write; 0 if there is none to write. */
export async function quantizedBytesToWrite({ stored }: WeightPlan, format: WeightFormat): Promise<number> {
  if (!isQuantizedFormat(format)) return 0;
  const pairs = stored.map((planned) => ({ planned, target: planned.weight }));
  const { matrices, folder } = toQuantize(pairs, format);
  return folder ? bytesToWrite(folder, matrices, format) : 0;
}

/** Returns the quantized matrices from a file in the folder. Throws `unavailable` if the file cannot be written. */
function keptIn(
  folder: URL,
  matrices: readonly MatrixToQuantize[],
  format: QuantizedFormat,
  making: MakingOptions,
): ReturnType<typeof quantizedFile> {
  return quantizedFile(folder, matrices, format, making).catch((cause: unknown) => {
    making.signal?.throwIfAborted();
    if (MlanError.is(cause) && cause.code !== "unavailable") throw cause;
    const reason = MlanError.is(cause) ? cause.cause : cause;
    throw new MlanError(
      "unavailable",
      `model-llava: the ${format} weights cannot be kept in ${pathOf(folder)}: ${messageOf(reason)}. ` +
        'Free space there or allow writing, or open the model with weightFormat "stored".',
      { cause },
    );
  });
}

/** Returns one sentence if matrices are read as float32 because an adapter changes them; otherwise none. */
export function formatNotices({ stored }: WeightPlan, format: WeightFormat): readonly string[] {
  if (format === "float32") return [];
  const isInFormat = (weight: Weight): boolean =>
    staysStored(weight, format) || (isQuantizedFormat(format) && isQuantized(weight));
  const { length } = stored.filter(({ weight, update }) => update && isInFormat(weight));
  if (length === 0) return [];
  const what = length === 1 ? "matrix that the adapter changes is" : "matrices that the adapter changes are";
  return [
    `${length} ${what} kept in float32 instead of weightFormat "${format}"; to change this, keep the adapter separate with mergeAdapter: false, or export the model and open the export`,
  ];
}

function withoutKernels(format: WeightFormat): MlanError {
  return new MlanError(
    "invalid-options",
    `model-llava: the backend ${tf.getBackend()} has no matrix products for weightFormat "${format}", so an answer would take minutes. ` +
      'Compute with onnx(), or open the model with weightFormat "float32".',
  );
}

function matrixOf({ planned, target }: PlannedPair, quantization: Quantization): MatrixToQuantize {
  const { reader, name: storedName } = planned;
  const [rows = 1, columns = 1] = target.shape;
  return {
    ...quantization,
    name: target.name,
    shape: [rows, columns],
    reader,
    storedName,
    async values() {
      const values = await checkpointResult(() => reader.read(storedName));
      const index = firstNotFinite(values);
      if (index >= 0) throw notFinite(planned, { index, value: values[index] ?? NaN });
      return values;
    },
  };
}
