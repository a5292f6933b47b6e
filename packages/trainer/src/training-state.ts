import { MlanError, type Parameter, type TrainingRecipe, type TrainRun, pathOf } from "@mlan/core";
import { z } from "zod";
import type { TrainingPlan } from "./training-plan.ts";
import type { TrainingSet } from "./training-set.ts";

/**
 * Where a run stands and what it depends on, as kept in `trainer-state.json`. All randomness follows from the seed
 * and the position, so there is no generator to keep.
 */
export interface TrainingState {
  readonly formatVersion: 1;
  /** Optimiser steps that are done. */
  readonly step: number;
  readonly steps: number;
  /** The epoch of the next step, from 0, and the conversations of it that are done. */
  readonly epoch: number;
  readonly cursor: number;
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

const schema = z.object({
  formatVersion: z.literal(1),
  step: z.int().min(0),
  steps: z.int().min(0),
  epoch: z.int().min(0),
  cursor: z.int().min(0),
  depends: z.looseObject({}),
});

export function dependenciesOf(
  { model, recipe, seed }: TrainRun,
  set: TrainingSet,
  plan: TrainingPlan,
  parameters: readonly Parameter[],
): Dependencies {
  const { checkpointEvery: _, ...decisive } = recipe;
  return {
    recipe: decisive,
    seed,
    modelFingerprint: model.fingerprint,
    dataFingerprint: set.fingerprint,
    conversations: set.length,
    lengths: plan.lengths,
    parameters: parameters.map(({ name, variable }) => `${name} [${variable.shape.join(", ")}]`),
  };
}

export function trainingState(step: number, plan: TrainingPlan, depends: Dependencies): TrainingState {
  const epoch = Math.floor(step / plan.stepsPerEpoch);
  const cursor = (step % plan.stepsPerEpoch) * depends.recipe.batchSize;
  return { formatVersion: 1, step, steps: plan.steps, epoch, cursor, depends };
}

/**
 * The steps that are done according to a state file. Throws `run-folder` when it is damaged, or when it belongs to
 * another run, naming each difference.
 */
export function readStepsDone(text: string, depends: Dependencies, file: URL): number {
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new MlanError(
      "run-folder",
      `trainer: ${pathOf(file)} is no trainer state. Remove its folder to go on from the checkpoint before it.`,
      { cause: parsed.error },
    );
  }
  const differences = differencesOf(parsed.data.depends, JSON.parse(JSON.stringify(depends)), "");
  if (differences.length === 0) return parsed.data.step;
  throw new MlanError(
    "run-folder",
    `trainer: ${pathOf(new URL("./", file))} is a checkpoint of another run:\n${differences.map((line) => `  ${line}\n`).join("")}` +
      `Restore what differs to go on with it, or train into another folder.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function differencesOf(before: unknown, now: unknown, path: string): readonly string[] {
  if (isPlain(before) && isPlain(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return keys.flatMap((key) => differencesOf(before[key], now[key], path === "" ? key : `${path}.${key}`));
  }
  const [left, right] = [shown(before), shown(now)];
  return left === right ? [] : [`${path} was ${left}, now it is ${right}`];
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}
