import { messageOf, MlanError, type OpenOptions, pathOf } from "@mlan/core";
import { hasFrozenMatrices, quantise, quantisedMatrix } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import {
  bytesToWrite,
  findQuantised,
  type MakingOptions,
  type MatrixToQuantise,
  QUANTISED_FOLDER,
  quantisedFile,
} from "./quantised-file.ts";
import { checkpointResult, notFinite } from "./read-tensors.ts";
import { firstNotFinite } from "@mlan/safetensors";
import { openStored, storedIn } from "./stored-matrices.ts";
import type { Weight } from "./weight.ts";
import {
  isQuantised,
  isQuantisedFormat,
  type Quantisation,
  quantisationOf,
  type QuantisedFormat,
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
  /** Whether quantized matrices are saved in the folder `quantised` beside their weight files. */
  readonly keepsQuantised: boolean;
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
  { format, keepsQuantised, signal, onDownload }: KeepOptions,
): Promise<ReadonlySet<Weight>> {
  if (format === "float32") return new Set();
  if (!hasFrozenMatrices()) throw withoutKernels(format);
  const frozen = pairs.filter(({ target }) => !target.learns);
  const stored = frozen.flatMap(({ planned, target }) =>
    staysStored(target, format) ? (storedIn(planned, target) ?? []) : [],
  );
  await openStored(stored, signal);
  const kept = new Set(stored.map(({ target }) => target));
  if (!isQuantisedFormat(format)) return kept;
  const { chosen, matrices, folder } = toQuantise(frozen, format);
  const quantised =
    folder &&
    (keepsQuantised
      ? await keptIn(folder, matrices, format, { signal, onDownload })
      : await findQuantised(folder, matrices, format));
  for (const [index, { target }] of chosen.entries()) {
    signal?.throwIfAborted();
    const matrix = matrices[index];
    const values = quantised?.get(target.name) ?? (matrix && quantise(await matrix.values(), matrix.shape, matrix));
    if (values) target.keep(quantisedMatrix(values));
    kept.add(target);
  }
  return kept;
}

interface ToQuantise {
  readonly chosen: readonly PlannedPair[];
  /** The matrices to quantize, one for each entry of `chosen`. */
  readonly matrices: readonly MatrixToQuantise[];
  /** The folder of the file with the quantized matrices. */
  readonly folder: URL | undefined;
}

function toQuantise(frozen: readonly PlannedPair[], format: QuantisedFormat): ToQuantise {
  const chosen = frozen.filter(({ planned, target }) => isQuantised(target) && !planned.update);
  const matrices = chosen.map((pair) => matrixOf(pair, quantisationOf(pair.target, format)));
  const weights = chosen[0]?.planned.reader.entries.get(chosen[0].planned.name)?.file;
  return { chosen, matrices, folder: weights && new URL(QUANTISED_FOLDER, weights) };
}

/** Returns the size in bytes of the file that opening a model in a format will write; 0 if there is none to write. */
export async function quantisedBytesToWrite({ stored }: WeightPlan, format: WeightFormat): Promise<number> {
  if (!isQuantisedFormat(format)) return 0;
  const pairs = stored.map((planned) => ({ planned, target: planned.weight }));
  const { matrices, folder } = toQuantise(pairs, format);
  return folder ? bytesToWrite(folder, matrices, format) : 0;
}

/** Returns the quantized matrices from a file in the folder. Throws `unavailable` if the file cannot be written. */
function keptIn(
  folder: URL,
  matrices: readonly MatrixToQuantise[],
  format: QuantisedFormat,
  making: MakingOptions,
): ReturnType<typeof quantisedFile> {
  return quantisedFile(folder, matrices, format, making).catch((cause: unknown) => {
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
    staysStored(weight, format) || (isQuantisedFormat(format) && isQuantised(weight));
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

function matrixOf({ planned, target }: PlannedPair, quantisation: Quantisation): MatrixToQuantise {
  const { reader, name: storedName } = planned;
  const [rows = 1, columns = 1] = target.shape;
  return {
    ...quantisation,
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
