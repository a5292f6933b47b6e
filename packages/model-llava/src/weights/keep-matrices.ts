import { messageOf, MlanError, pathOf } from "@mlan/core";
import { hasFrozenMatrices, quantise, quantisedMatrix } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { type MatrixToQuantise, QUANTISED_FOLDER, quantisedFile } from "./quantised-file.ts";
import { checkpointResult, notFinite } from "./read-tensors.ts";
import { firstNotFinite } from "@mlan/safetensors";
import { openStored, storedIn } from "./stored-matrices.ts";
import type { Weight } from "./weight.ts";
import { isQuantised, QUANTISED, staysStored, type WeightFormat } from "./weight-format.ts";
import type { PlannedWeight, WeightPlan } from "./weight-plan.ts";

interface PlannedPair {
  readonly planned: PlannedWeight;
  readonly target: Weight;
}

interface KeepOptions {
  readonly format: WeightFormat;
  /**
   * Whether quantised matrices are kept in the folder `quantised` beside their weight files; otherwise they are
   * quantised each time.
   */
  readonly keepsQuantised: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens the decoder's matrices with fewer bits than float32 and returns the weights for which this was done. All others
 * must be read as float32: weights that the format does not cover, that an adapter updates, that are being trained, or,
 * with "stored", that have 32 bits in their file. Throws `invalid-options` on a backend without kernels for such
 * matrices.
 */
export async function keepMatrices(
  pairs: readonly PlannedPair[],
  { format, keepsQuantised, signal }: KeepOptions,
): Promise<ReadonlySet<Weight>> {
  if (format === "float32") return new Set();
  if (!hasFrozenMatrices()) throw withoutKernels(format);
  const frozen = pairs.filter(({ target }) => !target.learns);
  if (format === "stored") {
    const stored = frozen.flatMap(({ planned, target }) =>
      staysStored(target) ? (storedIn(planned, target) ?? []) : [],
    );
    await openStored(stored, signal);
    return new Set(stored.map(({ target }) => target));
  }
  const chosen = frozen.filter(({ planned, target }) => isQuantised(target) && !planned.update);
  const weights = chosen[0]?.planned.reader.entries.get(chosen[0].planned.name)?.file;
  if (!keepsQuantised || !weights) {
    for (const pair of chosen) {
      signal?.throwIfAborted();
      const { shape, values } = matrixOf(pair);
      pair.target.keep(quantisedMatrix(quantise(await values(), shape, QUANTISED[format])));
    }
    return new Set(chosen.map(({ target }) => target));
  }
  const folder = new URL(QUANTISED_FOLDER, weights);
  const quantised = await quantisedFile(folder, chosen.map(matrixOf), format, signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    if (MlanError.is(cause) && cause.code !== "unavailable") throw cause;
    const reason = MlanError.is(cause) ? cause.cause : cause;
    throw new MlanError(
      "unavailable",
      `model-llava: the ${format} weights cannot be kept in ${pathOf(folder)}: ${messageOf(reason)}. ` +
        'Free space there or allow writing, or open the model with weightFormat "stored".',
      { cause },
    );
  });
  for (const { target } of chosen) {
    const values = quantised.get(target.name);
    if (values) target.keep(quantisedMatrix(values));
  }
  return new Set(chosen.map(({ target }) => target));
}

/** Returns one sentence if matrices of a format are read as float32 because an adapter changes them; otherwise none. */
export function formatNotices({ stored }: WeightPlan, format: WeightFormat): readonly string[] {
  if (format === "float32") return [];
  const isInFormat = format === "stored" ? staysStored : isQuantised;
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

function matrixOf({ planned, target }: PlannedPair): MatrixToQuantise {
  const { reader, name: storedName } = planned;
  const [rows = 1, columns = 1] = target.shape;
  return {
    name: target.name,
    shape: [rows, columns],
    reader,
    storedName,
    async values() {
      const values = await checkpointResult(() => reader.read(storedName));
      const place = firstNotFinite(values);
      if (place >= 0) throw notFinite(planned, values[place], place);
      return values;
    },
  };
}
