import { messageOf, MlanError, pathOf } from "@mlan/core";
import { quantise, quantisedMatrix } from "@mlan/fused-ops";
import { type MatrixToQuantise, quantisedFile } from "./quantised-file.ts";
import { checkpointResult, notFinite } from "./read-tensors.ts";
import { firstNotFinite } from "./first-not-finite.ts";
import { openStored, storedIn } from "./stored-matrices.ts";
import type { Weight } from "./weight.ts";
import { isQuantised, QUANTISED, staysStored, type WeightFormat } from "./weight-format.ts";
import type { PlannedWeight } from "./weight-plan.ts";

interface PlannedPair {
  readonly planned: PlannedWeight;
  readonly target: Weight;
}

interface KeepOptions {
  readonly format: WeightFormat;
  /** The checkpoint's, whose subfolder `quantised` keeps them; without it they are made at every start. */
  readonly folder: URL | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens the decoder's matrices in fewer bits than float32, and returns the weights that have them. The others are read as
 * float32: those that the format leaves out, those with an adapter's update, and files of 32 bits.
 */
export async function keepMatrices(
  pairs: readonly PlannedPair[],
  { format, folder, signal }: KeepOptions,
): Promise<ReadonlySet<Weight>> {
  if (format === "float32") return new Set();
  if (format === "stored") {
    const stored = pairs.flatMap(({ planned, target }) =>
      staysStored(target) ? (storedIn(planned, target) ?? []) : [],
    );
    await openStored(stored, signal);
    return new Set(stored.map(({ target }) => target));
  }
  const chosen = pairs.filter(({ planned, target }) => isQuantised(target) && !planned.update);
  if (!folder) {
    for (const pair of chosen) {
      signal?.throwIfAborted();
      const { shape, values } = matrixOf(pair);
      pair.target.keep(quantisedMatrix(quantise(await values(), shape, QUANTISED[format])));
    }
    return new Set(chosen.map(({ target }) => target));
  }
  const file = new URL("quantised/", folder);
  const quantised = await quantisedFile(file, chosen.map(matrixOf), format, signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    if (MlanError.is(cause)) throw cause;
    throw new MlanError(
      "unavailable",
      `model-llava: the ${format} weights cannot be kept in ${pathOf(file)}: ${messageOf(cause)}. ` +
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
