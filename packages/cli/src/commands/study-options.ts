import { MlanError } from "@mlan/core";
import type { StudySelection } from "@mlan/study";
import { type Command, InvalidArgumentError } from "commander";
import { collect, wholeNumber } from "./option-values.ts";

/** The options that select runs of a study. */
export interface SelectionOptions {
  readonly arm?: readonly string[];
  readonly model?: readonly string[];
  readonly seed?: readonly number[];
}

export function addSelectionOptions(command: Command): Command {
  return command
    .option("--arm <name>", "only this arm of a study; may be repeated", collect)
    .option("--model <name>", "only this model of a study; may be repeated", collect)
    .option("--seed <number>", "only this seed of a study; may be repeated", collectSeed);
}

/** Returns the selection; undefined when no option was given. */
export function selectionOf({ arm, model, seed }: SelectionOptions): StudySelection | undefined {
  if (!arm && !model && !seed) return undefined;
  return { ...(arm && { arms: arm }), ...(model && { models: model }), ...(seed && { seeds: seed }) };
}

/** Returns the error for an option of studies that is given with an experiment. */
export function onlyForStudies(file: string): MlanError {
  const message = `--arm, --model, --seed and --parallel are only for studies, and ${file} exports an experiment. Leave these options out.`;
  return new MlanError("invalid-options", message);
}

/** Returns the command-line arguments that select these runs. */
export function selectionWords({ arms = [], models = [], seeds = [] }: StudySelection): readonly string[] {
  return [
    ...arms.flatMap((arm) => ["--arm", arm]),
    ...models.flatMap((model) => ["--model", model]),
    ...seeds.flatMap((seed) => ["--seed", String(seed)]),
  ];
}

function collectSeed(value: string, before: readonly number[] = []): readonly number[] {
  const seed = wholeNumber(0)(value);
  if (before.includes(seed)) throw new InvalidArgumentError("It is given twice.");
  return [...before, seed];
}
