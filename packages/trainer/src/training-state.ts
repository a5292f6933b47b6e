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
 * Where a run stands and what it depends on, as kept in `trainer-state.json`. All randomness follows from the seed
 * and the position, so there is no generator to keep.
 */
export interface TrainingState {
  /** 1: without checksums and the history of its steps. */
  readonly formatVersion: 1 | 2;
  /** Optimiser steps that are done. */
  readonly step: number;
  readonly steps: number;
  /** The epoch of the next step, from 0, and the conversations of it that are done. */
  readonly epoch: number;
  readonly cursor: number;
  /** {@link Dependencies} as JSON. */
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

/** What the state of a run follows from. */
export interface RunState {
  readonly plan: TrainingPlan;
  readonly depends: Dependencies;
}

/** Two runs that agree in all of it make the same steps. */
export interface Dependencies {
  readonly recipe: Omit<TrainingRecipe, "checkpointEvery">;
  readonly seed: number;
  readonly modelFingerprint: string;
  readonly dataFingerprint: string;
  readonly conversations: number;
  /** The lengths to which batches are padded. */
  readonly lengths: readonly number[];
  /** Name and shape of what learns, in the order of the model. */
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

/** The state after `step` steps as a file. */
export function stateText(step: number, run: RunState): string {
  return `${JSON.stringify({ ...stateAt(step, run), depends: run.depends }, null, 2)}\n`;
}

/** Reads a state file. Throws `run-folder` when it is none. */
export async function readState(file: URL): Promise<TrainingState> {
  const parsed = schema.safeParse(jsonOrUndefined(await readFile(file, "utf8")), {
    reportInput: true,
    error: describeIssue,
  });
  if (parsed.success) return parsed.data;
  throw new MlanError(
    "run-folder",
    `${pathOf(file)} is no trainer state: ${problemsOf(parsed.error, "key")}. Restore it from a copy.`,
    {
      cause: parsed.error,
    },
  );
}

/**
 * Throws `run-folder` when the state in a checkpoint belongs to another run or to another of its steps, naming each
 * difference.
 */
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
      `trainer: ${pathOf(url)} is a checkpoint of another run:\n${differences.map((line) => `  ${line}\n`).join("")}` +
        `Restore what differs to go on with it, or train into another folder.`,
    );
  }
  const contradictions = differencesOf({ ...state, formatVersion: 2 }, stateAt(step, run));
  if (contradictions.length === 0) return;
  throw new MlanError(
    "run-folder",
    `trainer: ${pathOf(url)} is not the checkpoint of step ${step}: ${contradictions.join(", ")}. Remove that folder to go on ` +
      "from the one before it.",
  );
}

function stateAt(step: number, { plan, depends }: RunState): Omit<TrainingState, "depends"> {
  const epoch = Math.floor(step / plan.stepsPerEpoch);
  const cursor = (step % plan.stepsPerEpoch) * depends.recipe.batchSize;
  return { formatVersion: 2, step, steps: plan.steps, epoch, cursor };
}
