import * as tf from "@tensorflow/tfjs-core";
import type { BatchTensors, SourceLoss, TokenCounts } from "@mlan/core";
import { disposeGradients } from "./gradients.ts";
import { checkGradients, lossNotFinite, type StepInErrors } from "./step-errors.ts";
import type { StepFunctions, Sums } from "./step-functions.ts";
import type { MicroBatch } from "./training-plan.ts";
import type { TrainingSet } from "./training-set.ts";

export interface StepOptions extends StepInErrors {
  readonly set: TrainingSet;
  readonly functions: StepFunctions;
  readonly gradientCheckpointing: boolean;
}

export interface StepOutcome {
  /** The loss before the update. */
  readonly loss: number;
  readonly counts: TokenCounts;
  readonly flops: number;
  /** Like `sources` of `StepEndEvent`. */
  readonly sources?: Readonly<Record<string, SourceLoss>>;
}

/**
 * Runs a forward and backward pass over each micro-batch of a step, one after another, and updates the trained
 * parameters. Throws `invalid-options`, with the conversations, when a loss or a gradient is not finite, and
 * `invalid-checkpoint` when a weight is not finite; parameters are then unchanged.
 */
export async function computeStep(microBatches: readonly MicroBatch[], options: StepOptions): Promise<StepOutcome> {
  const { functions } = options;
  const supervised = microBatches.filter(({ weight }) => weight > 0);
  const outcomes: (BatchOutcome & { readonly loss: Promise<number>; readonly rows?: Promise<RowLosses> })[] = [];
  let guard: Promise<number> | undefined;
  let sums: Sums | undefined;
  try {
    for (const [place, microBatch] of supervised.entries()) {
      const isLast = place === supervised.length - 1;
      const { result, outcome } = await withBatch(microBatch, options, (tensors, weight) =>
        isLast ? functions.finish(tensors, weight, sums) : functions.pass(tensors, weight, sums),
      );
      disposeSums(sums);
      sums = "sums" in result ? result.sums : undefined;
      if ("guard" in result) guard = awaitedLater(read(result.guard));
      // The read starts now, so that a lazy backend runs this pass before the next one. It is awaited at the end of the
      // step, so that other backends do not wait between passes.
      const { share, rows } = result;
      outcomes.push({
        ...outcome,
        loss: awaitedLater(read(share)),
        ...(rows && { rows: awaitedLater(readAll(rows)) }),
      });
    }
  } finally {
    disposeSums(sums);
  }
  const [losses, rows, guarded] = await Promise.all([
    Promise.all(outcomes.map(({ loss }) => loss)),
    Promise.all(outcomes.map((outcome) => outcome.rows)),
    guard,
  ]);
  const updated = Number.isFinite(guarded);
  const failed = losses.findIndex((loss) => !Number.isFinite(loss));
  if (failed >= 0) throw await lossNotFinite(losses[failed], outcomes[failed]?.ids ?? [], options);
  if (!updated) await updateByFiniteGradients(supervised, options);
  const sources = sourceLosses(
    outcomes.map(({ indices, counts }, place) => ({ indices, counts, rows: rows[place] })),
    options.set,
  );
  return {
    loss: losses.reduce((sum, share) => sum + share, 0),
    ...(sources && { sources }),
    counts: outcomes.map(({ counts }) => counts).reduce(addCounts),
    flops: outcomes.reduce((sum, { flops }) => sum + flops, 0),
  };
}

/** Facts about a micro-batch, except the result of its pass. */
interface BatchOutcome {
  readonly indices: readonly number[];
  readonly ids: readonly string[];
  readonly counts: TokenCounts;
  readonly flops: number;
}

async function withBatch<Result>(
  { indices, shape, weight, seed }: MicroBatch,
  { set, model, gradientCheckpointing }: StepOptions,
  run: (tensors: BatchTensors, weight: tf.Scalar) => Result,
): Promise<{ readonly result: Result; readonly outcome: BatchOutcome }> {
  const examples = await Promise.all(indices.map((index) => set.example(index)));
  const batch = await model.collate(examples, shape, { seed });
  const share = tf.scalar(weight);
  try {
    const result = run(batch.tensors, share);
    const flops = model.trainingFlops(batch, { gradientCheckpointing });
    return { result, outcome: { indices, ids: examples.map(({ id }) => id), counts: batch.counts, flops } };
  } finally {
    share.dispose();
    batch.dispose();
  }
}

/**
 * Repeats the step and checks each gradient, because the sum of finite gradients may overflow. Throws `invalid-options`
 * when a gradient is not finite.
 */
async function updateByFiniteGradients(microBatches: readonly MicroBatch[], options: StepOptions): Promise<void> {
  const { functions } = options;
  const ids: string[] = [];
  let sums: Sums | undefined;
  try {
    for (const microBatch of microBatches) {
      const { result, outcome } = await withBatch(microBatch, options, (tensors, weight) =>
        functions.plainPass(tensors, weight, sums),
      );
      disposeSums(sums);
      sums = result.sums;
      result.rows?.dispose();
      ids.push(...outcome.ids);
      await read(result.share);
    }
    const gradients = sums?.gradients ?? [];
    await checkGradients(gradients, ids, options);
    functions.plainUpdate(gradients);
  } finally {
    disposeSums(sums);
  }
}

type RowLosses = ArrayLike<number>;

/**
 * Adds up the losses of the conversations by dataset. Undefined for a single dataset, and if the losses of the rows are
 * unknown.
 */
function sourceLosses(
  outcomes: readonly (Pick<BatchOutcome, "indices" | "counts"> & { readonly rows: RowLosses | undefined })[],
  { datasets, supervised }: TrainingSet,
): StepOutcome["sources"] {
  if (!datasets || outcomes.some(({ rows }) => rows === undefined)) return undefined;
  const sums = new Map<string, SourceLoss>();
  for (const { indices, counts, rows } of outcomes) {
    for (const [row, index] of indices.entries()) {
      const name = datasets[index] ?? "";
      const sum = sums.get(name) ?? { loss: 0, supervised: 0 };
      // The parts are shares of the batch's mean.
      const loss = sum.loss + (rows?.[row] ?? NaN) * counts.supervised;
      sums.set(name, { loss, supervised: sum.supervised + (supervised[index] ?? 0) });
    }
  }
  return Object.fromEntries(
    [...sums]
      .filter(([, sum]) => sum.supervised > 0)
      .map(([name, sum]) => [name, { loss: sum.loss / sum.supervised, supervised: sum.supervised }]),
  );
}

function disposeSums(sums: Sums | undefined): void {
  if (!sums) return;
  sums.loss.dispose();
  disposeGradients(sums.gradients);
}

/**
 * Marks a rejection as handled, because it would end the process before the promise is awaited, or if a pass throws
 * first.
 */
function awaitedLater<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

async function readAll(tensor: tf.Scalar | tf.Tensor1D): Promise<RowLosses> {
  try {
    return await tensor.data<"float32">();
  } finally {
    tensor.dispose();
  }
}

async function read(scalar: tf.Scalar): Promise<number> {
  return (await readAll(scalar))[0] ?? NaN;
}

function addCounts(left: TokenCounts, right: TokenCounts): TokenCounts {
  return {
    text: left.text + right.text,
    image: left.image + right.image,
    padding: left.padding + right.padding,
    supervised: left.supervised + right.supervised,
  };
}
