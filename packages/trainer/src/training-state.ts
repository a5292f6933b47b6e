import { readFile } from "node:fs/promises";
import {
  currentRecipe,
  differencesOf,
  jsonOrUndefined,
  MlanError,
  pathOf,
  describeIssue,
  problemsOf,
  type TrainingRecipe,
  type TrainRun,
} from "@mlan/core";
import { z } from "zod";
import type { CheckpointFolder } from "./checkpoint-folders.ts";
import type { TrainingPlan } from "./training-plan.ts";
import type { TrainingSet } from "./training-set.ts";

/**
 * The position of a run and everything that the run depends on, as stored in `trainer-state.json`. Random numbers
 * depend only on seed and position, so no generator state is stored.
 */
export interface TrainingState {
  /** Version 1 has no checksums and no history of the steps. */
  readonly formatVersion: 1 | 2;
  /** Number of finished steps. */
  readonly step: number;
  readonly steps: number;
  /** The epoch of the next step, counted from 0. */
  readonly epoch: number;
  /** Number of conversations of this epoch that finished steps have used. */
  readonly cursor: number;
  /** The run's {@link Dependencies} as JSON. */
  readonly depends: Readonly<Record<string, unknown>>;
}

const schema: z.ZodType<TrainingState> = z.strictObject({
  formatVersion: z.union([z.literal(1), z.literal(2)]),
  step: z.int().min(1),
  steps: z.int().min(1),
  epoch: z.int().min(0),
  cursor: z.int().min(0),
  depends: z.looseObject({}),
});

/** The inputs from which the state of a run is computed. */
export interface RunState {
  readonly plan: TrainingPlan;
  readonly depends: Dependencies;
}

/** Everything that determines the steps of a run. Runs with equal dependencies take the same steps. */
export interface Dependencies {
  readonly recipe: Omit<TrainingRecipe, "checkpointEvery">;
  readonly seed: number;
  readonly modelFingerprint: string;
  readonly dataFingerprint: string;
  readonly conversations: number;
  /** The lengths to which batches are padded. */
  readonly lengths: readonly number[];
  /** Name and shape of the trained parameters, in the order of the model. */
  readonly parameters: readonly string[];
}

export function dependenciesOf({ model, recipe, seed }: TrainRun, set: TrainingSet, plan: TrainingPlan): Dependencies {
  const { checkpointEvery: _, ...decisive } = recipe;
  return {
    recipe: decisive,
    seed,
    modelFingerprint: model.fingerprint,
    dataFingerprint: set.fingerprint,
    conversations: set.length,
    lengths: plan.lengths,
    parameters: model
      .parameters()
      .filter(({ component }) => recipe.trained.includes(component))
      .map(({ name, shape }) => `${name} [${shape.join(", ")}]`),
  };
}

/** Returns the content of the state file after `step` steps. */
export function stateText(step: number, run: RunState): string {
  return `${JSON.stringify({ ...stateAt(step, run), depends: run.depends }, null, 2)}\n`;
}

/** Reads a state file. Throws `run-folder` when its content is not valid. */
export async function readState(file: URL): Promise<TrainingState> {
  const parsed = schema.safeParse(jsonOrUndefined(await readFile(file, "utf8")), {
    reportInput: true,
    error: describeIssue,
  });
  if (parsed.success) return parsed.data;
  throw new MlanError(
    "run-folder",
    `${pathOf(file)} is not a trainer state: ${problemsOf(parsed.error, "key")}. Restore it from a copy.`,
    {
      cause: parsed.error,
    },
  );
}

/** Throws `run-folder`, with each difference, when the state in a checkpoint belongs to another run or step. */
export function checkBelongs(
  { depends, ...state }: TrainingState,
  { step, url }: CheckpointFolder,
  run: RunState,
): void {
  const stored = { ...depends, recipe: currentRecipe(depends.recipe) };
  const differences = differencesOf(stored, JSON.parse(JSON.stringify(run.depends)));
  if (differences.length > 0) {
    throw new MlanError(
      "run-folder",
      `trainer: ${pathOf(url)} is a checkpoint of a different run:\n${differences.map((line) => `  ${line}\n`).join("")}` +
        `Undo these changes to resume from it, or train in a different folder.`,
    );
  }
  const contradictions = differencesOf({ ...state, formatVersion: 2 }, stateAt(step, run));
  if (contradictions.length === 0) return;
  throw new MlanError(
    "run-folder",
    `trainer: ${pathOf(url)} is not the checkpoint of step ${step}: ${contradictions.join(", ")}. Remove that folder to resume ` +
      "from the previous one.",
  );
}

function stateAt(step: number, { plan, depends }: RunState): Omit<TrainingState, "depends"> {
  const epoch = Math.floor(step / plan.stepsPerEpoch);
  const cursor = (step % plan.stepsPerEpoch) * depends.recipe.batchSize;
  return { formatVersion: 2, step, steps: plan.steps, epoch, cursor };
}
