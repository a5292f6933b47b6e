import {
  checkOptions,
  type Experiment,
  experiment,
  isExperiment,
  MlanError,
  MODEL,
  messageOf,
  shownValue,
  type Plugin,
  type Stage,
  type UseEntry,
} from "@mlan/core";
import { z } from "zod";
import { isSafeName } from "./names.ts";
import { SHARED } from "./study-tasks.ts";

export interface StudyOptions<Arms extends Readonly<Record<string, unknown>>> {
  /** Names the study folder, e.g. "language-share". */
  readonly name: string;
  /** The models by name. Every arm runs on every model. */
  readonly models: Readonly<Record<string, UseEntry>>;
  /** The plugins that all runs use besides the model: a compute, a trainer and an evaluator. */
  readonly use: readonly UseEntry[];
  /** Every arm runs with every seed. Default: 42 alone. */
  readonly seeds?: readonly number[];
  /**
   * What differs between the arms, by arm name: a value of any kind, which `stages` turns into stages. A number, such as
   * the share of language in a mixture, is also recorded for plots.
   */
  readonly arms: Arms;
  /**
   * The arm that the others are compared with. Default: the first. Required when an arm is named by a whole number, such
   * as "0": JavaScript moves such keys to the front of an object.
   */
  readonly base?: keyof Arms & string;
  /**
   * Returns the stages of an arm. Must be pure. Stages at the beginning that are equal in several arms run once per model
   * and seed.
   */
  stages(arm: Arms[keyof Arms], variation: StudyVariation): readonly Stage[];
}

/** The names and the seed of one run of a study. */
export interface StudyVariation {
  readonly model: string;
  readonly arm: string;
  readonly seed: number;
}

/** One run of a study: an arm on a model with a seed. */
export interface StudyRun extends StudyVariation {
  readonly experiment: Experiment;
}

export interface StudyArm {
  readonly name: string;
  /** The value of an arm in {@link StudyOptions.arms}, when it is a number. */
  readonly value?: number;
}

/** A whole study as one value, see {@link study}; creating it does no work. */
export interface Study {
  readonly specVersion: 1;
  readonly kind: "study";
  readonly name: string;
  readonly models: readonly string[];
  readonly arms: readonly StudyArm[];
  readonly seeds: readonly number[];
  /** The name of the arm that the others are compared with. */
  readonly base: string;
  /** All runs in the order in which they start: by seed, then by model, then by arm. */
  readonly runs: readonly StudyRun[];
}

/**
 * Creates a study: one experiment for each arm, model and seed. Throws `invalid-options` naming an option, an arm or a
 * stage that is missing or wrong.
 */
export function study<const Arms extends Readonly<Record<string, unknown>>>(options: StudyOptions<Arms>): Study {
  const { name, models, use, seeds, arms, base, stages } = checkOptions("study", schema, options);
  const armNames = Object.keys(arms);
  checkNames("arms", armNames);
  checkNames("models", Object.keys(models));
  for (const [model, entry] of Object.entries(models)) checkModel(model, entry);
  const [first = ""] = armNames;
  checkValues(arms);
  if (base !== undefined && !armNames.includes(base)) {
    throw new MlanError(
      "invalid-options",
      `study: base is ${shownValue(base)}, which is not among the arms ${listed(armNames)}.`,
    );
  }
  const moved = armNames.find((arm) => /^(?:0|[1-9]\d*)$/.test(arm));
  if (base === undefined && armNames.length > 1 && moved !== undefined) {
    const problem = `which JavaScript moves to the front of an object, so the first arm is unknown`;
    throw new MlanError(
      "invalid-options",
      `study: option "base" is required with an arm called ${shownValue(moved)}, ${problem}. Give the name of the arm that the others are compared with.`,
    );
  }
  const variations = seeds.flatMap((seed) =>
    Object.keys(models).flatMap((model) => armNames.map((arm): StudyVariation => ({ model, arm, seed }))),
  );
  return {
    specVersion: 1,
    kind: "study",
    name,
    models: Object.keys(models),
    arms: armNames.map((arm) => ({ name: arm, ...(typeof arms[arm] === "number" && { value: arms[arm] }) })),
    seeds,
    base: base ?? first,
    runs: variations.map((variation) => {
      const { model, arm, seed } = variation;
      const named = { name: `${name}-${model}-${arm}`, seed, use: [models[model] ?? [], ...use] };
      return {
        ...variation,
        experiment: experimentOf(variation, () => ({ ...named, stages: stages(arms[arm], variation) })),
      };
    }),
  };
}

/** Whether a value is a study, made by {@link study} of this or another installed copy of the package. */
export function isStudy(value: unknown): value is Study {
  const { specVersion, kind, name, runs } = Object(value);
  if (specVersion !== 1 || kind !== "study" || typeof name !== "string" || !Array.isArray(runs)) return false;
  return runs.every((run) => isExperiment(Object(run).experiment));
}

const entrySchema = z.custom<UseEntry>((value) => typeof value === "object" && value !== null, {
  error: ({ input }) => `expected a plugin or a list of plugins, found ${shownValue(input)}`,
});
const NAME =
  "a name of at most 80 letters, digits, dots, dashes and underscores that begins and ends with a letter, digit or underscore";
const schema = z.strictObject({
  name: z.string().refine(isSafeName, `expected ${NAME}`),
  models: z.record(z.string(), entrySchema).refine(isNotEmpty, "expected at least one model"),
  use: z.array(entrySchema),
  seeds: z
    .array(z.int().min(0))
    .min(1, "expected at least one seed")
    .superRefine((seeds, context) => {
      const twice = seeds.find((seed, index) => seeds.indexOf(seed) !== index);
      if (twice !== undefined) context.addIssue(`the seed ${twice} is there twice; leave one out`);
    })
    .default([42]),
  arms: z.record(z.string(), z.unknown()).refine(isNotEmpty, "expected at least one arm"),
  base: z.string().exactOptional(),
  stages: z.custom<(arm: unknown, variation: StudyVariation) => readonly Stage[]>(
    (value) => typeof value === "function",
    "expected a function that returns the stages of an arm",
  ),
});

function isNotEmpty(value: object): boolean {
  return Object.keys(value).length > 0;
}

/** Names in a study folder that no model may have. */
const RESERVED: ReadonlySet<string> = new Set([SHARED, "study.json"]);

/** Throws `invalid-options` for a name that cannot be a folder of its own on every file system. */
function checkNames(option: string, names: readonly string[]): void {
  const refuse = (problem: string): never => {
    throw new MlanError("invalid-options", `study: ${option} ${problem}`);
  };
  for (const [index, name] of names.entries()) {
    const lower = name.toLowerCase();
    if (!isSafeName(name)) refuse(`has ${shownValue(name)}; expected ${NAME}. Rename it.`);
    if (option === "models" && RESERVED.has(lower)) {
      refuse(`has "${name}", which is the name of another file or folder of the study. Rename it.`);
    }
    const other = names.findIndex((one) => one.toLowerCase() === lower);
    if (other < index) {
      refuse(
        `has both "${names[other]}" and "${name}", whose folders are the same where letter case is ignored. Rename one.`,
      );
    }
  }
}

/** Throws `invalid-options` for a number that `study.json` cannot hold. */
function checkValues(arms: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(arms)) {
    if (typeof value !== "number" || Number.isFinite(value)) continue;
    throw new MlanError("invalid-options", `study: arms.${name} is ${value}; give a finite number, or no number.`);
  }
}

function checkModel(name: string, entry: UseEntry): void {
  const plugins: readonly Plugin[] = [entry].flat();
  if (plugins.some(({ token }) => Object(token).key === MODEL.key)) return;
  throw new MlanError(
    "invalid-options",
    `study: models.${name} provides no model. Give a model plugin, such as llama2().`,
  );
}

/** Creates the experiment of a run. An error names the arm. */
function experimentOf(
  { arm, model, seed }: StudyVariation,
  options: () => Parameters<typeof experiment>[0],
): Experiment {
  try {
    return experiment(options());
  } catch (cause) {
    const where = `study: arm "${arm}" on ${model} with seed ${seed}`;
    const problem = messageOf(cause).replace(/^experiment: /, "");
    throw new MlanError("invalid-options", `${where}: ${problem}`, { cause });
  }
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
