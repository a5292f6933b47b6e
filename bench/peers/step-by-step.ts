import type { Compute, Encoded, StepEndEvent, TrainableModel } from "@mlan/core";
import { memoryDataset } from "@mlan/testing";
import { createTrainer, instructionTuning } from "@mlan/trainer";
import type { Batch } from "../batches.ts";
import type { Setup, TrainedStep } from "../worker.ts";

export interface StepByStepOptions extends Pick<Setup, "configuration" | "learningRate"> {
  readonly model: TrainableModel;
  readonly compute: Compute;
  /** Folder for checkpoints. None is written. */
  readonly folder: URL;
}

/** Enough steps that the learning rate is practically constant. */
const STEPS = 100_000;

/** Runs the trainer one step at a time, on given batches. */
export function stepByStep({
  model,
  compute,
  folder,
  configuration,
  learningRate,
}: StepByStepOptions): (batch: Batch) => Promise<TrainedStep & { readonly dispatches?: number }> {
  const { rows, length } = configuration;
  let current: readonly Encoded[] = [];
  const recipe = instructionTuning({
    trained: ["language"],
    format: { maximumLength: length },
    batchSize: rows,
    microBatchSize: rows,
    epochs: STEPS,
    learningRate,
    warmupRatio: 0,
    weightDecay: 0,
    checkpointEvery: STEPS,
    groupByModality: false,
  });
  const blank = encodedRow(
    "blank",
    Array.from({ length }, () => 0),
    Array.from({ length }, () => 0),
  );
  const given: TrainableModel = {
    ...model,
    encode: () => blank,
    collate: (_, shape) => model.collate(current, shape),
  };
  const turns = [
    { role: "user", text: "" },
    { role: "assistant", text: "" },
  ] as const;
  const data = memoryDataset(
    "blanks",
    Array.from({ length: rows }, (_, row) => ({ id: `${row}`, turns, images: [] })),
  );
  const trainer = createTrainer({ name: "bench", compute });
  const events = trainer.train({ model: given, data, recipe, seed: 1, folder })[Symbol.asyncIterator]();
  return async ({ tokens, labels }) => {
    current = Array.from({ length: rows }, (_, row) => {
      const part = (all: readonly number[]): readonly number[] => all.slice(row * length, (row + 1) * length);
      return encodedRow(`${row}`, part(tokens), part(labels));
    });
    const { seconds, loss, device } = await nextStep(events);
    return { milliseconds: seconds * 1000, loss, ...(device && { dispatches: device.dispatches }) };
  };
}

async function nextStep(events: AsyncIterator<{ readonly type: string }>): Promise<StepEndEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error("the training is over");
    if (isStep(value)) return value;
  }
}

function isStep(event: { readonly type: string }): event is StepEndEvent {
  return event.type === "step-end";
}

function encodedRow(id: string, tokens: readonly number[], labels: readonly number[]): Encoded {
  const supervised = labels.filter((label, position) => position > 0 && label !== -100).length;
  const [inputIds, learned] = [Int32Array.from(tokens), Int32Array.from(labels)];
  return { id, inputIds, labels: learned, images: [], length: tokens.length, supervised };
}
