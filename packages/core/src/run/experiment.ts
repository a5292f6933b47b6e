import { z } from "zod";
import { MlanError, shownValue } from "../errors.ts";
import { checkOptions } from "../scope/options.ts";
import type { Plugin, UseEntry } from "../scope/plugin.ts";
import type { ExperimentPlan } from "./manifest.ts";
import type { Stage } from "./stage.ts";

export interface ExperimentOptions {
  /** Names the run folder, e.g. "mlan-llama2". */
  readonly name: string;
  /**
   * Seed of the model's new parameters and of training. Does not affect `mix` and `shuffle`, which have their own
   * seeds. Default 42, as in the scripts of arXiv 2411.10557.
   */
  readonly seed?: number;
  /**
   * One model plugin and one compute plugin, plus a trainer and an evaluator if the stages need them. Lists are
   * flattened: `cpuTrainer()` returns a compute plugin and a trainer.
   */
  readonly use: readonly UseEntry[];
  /** The stages in order. All stages use the same model. */
  readonly stages: readonly Stage[];
}

/** A model, its plugins and the stages to run. Creating an experiment does not run it. */
export interface Experiment {
  readonly specVersion: 1;
  readonly name: string;
  readonly seed: number;
  readonly use: readonly Plugin[];
  readonly stages: readonly Stage[];
}

const entrySchema = z.custom<UseEntry>(isUseEntry, {
  error: ({ input }) =>
    `expected a plugin or a list of plugins, as returned by generation() and cpuTrainer(), found ${shownEntry(input)}; is a call missing, or is there one too many?`,
});
const stageSchema = z.custom<Stage>(isStage, "expected a stage, as returned by train() and evaluate()");
const schema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[\w-][\w.-]*$/,
      "expected a name of letters, digits, dots, dashes and underscores that does not start with a dot",
    ),
  seed: z.int().min(0).default(42),
  use: z.array(entrySchema),
  stages: z.array(stageSchema).min(1, "expected at least one stage"),
});

/** Creates an experiment. Throws `invalid-options`, with the option's name, when an option is missing or wrong. */
export function experiment(options: ExperimentOptions): Experiment {
  const checked = checkOptions("experiment", schema, options);
  const names = checked.stages.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new MlanError("invalid-options", `experiment: two stages are called "${twice}". Give each its own name.`);
  }
  const [one, other] = sameRole(checked.use);
  if (one && other) {
    throw new MlanError(
      "invalid-options",
      `experiment: ${one.place} and ${other.place} both provide ${one.plugin.token.name}, and only one would be used. Leave one out.`,
    );
  }
  return { specVersion: 1, ...checked, use: checked.use.flat() };
}

/** A plugin and its position in `use`, for messages. */
interface Placed {
  readonly plugin: Plugin;
  readonly place: string;
}

/** Returns two plugins that provide the same service, or an empty list. */
function sameRole(use: readonly UseEntry[]): readonly Placed[] {
  const all = use.flatMap((entry, index) =>
    [entry].flat().map((plugin) => ({
      plugin,
      place: `use.${index} (${Array.isArray(entry) ? "a list with " : ""}${plugin.name})`,
    })),
  );
  for (const { plugin } of all) {
    const same = all.filter((other) => other.plugin.token.key === plugin.token.key);
    if (same.length > 1) return same;
  }
  return [];
}

/** Whether a value is an experiment, created by {@link experiment} of any installed copy of core. */
export function isExperiment(value: unknown): value is Experiment {
  const { specVersion, name, seed, use, stages } = Object(value);
  const isMade = specVersion === 1 && typeof name === "string" && typeof seed === "number";
  return isMade && Array.isArray(use) && use.every(isPlugin) && Array.isArray(stages) && stages.every(isStage);
}

function isPlugin(value: unknown): value is Plugin {
  const { name, token, create } = Object(value);
  return typeof name === "string" && typeof Object(token).key === "symbol" && typeof create === "function";
}

function isUseEntry(value: unknown): value is UseEntry {
  return Array.isArray(value) ? value.every(isPlugin) : isPlugin(value);
}

function shownEntry(value: unknown): string {
  if (!Array.isArray(value)) return shownValue(value);
  return `a list that holds ${shownValue(value.find((entry) => !isPlugin(entry)))}`;
}

function isStage(value: unknown): value is Stage {
  const { name, kind, run } = Object(value);
  return typeof name === "string" && (kind === "train" || kind === "evaluate") && typeof run === "function";
}

/** Returns the parts of an experiment that determine its outcome, as plain JSON. */
export function planOf({ name, seed, use, stages }: Experiment): ExperimentPlan {
  const plan = {
    name,
    seed,
    plugins: use.map((plugin) => ({ name: plugin.name, settings: plugin.settings })),
    stages: stages.map((stage) => ({ name: stage.name, kind: stage.kind, settings: stage.settings })),
  };
  return JSON.parse(JSON.stringify(plan));
}
