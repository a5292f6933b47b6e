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
  /** The name of the study and of its folder, e.g. "language-share". */
  readonly name: string;
  /** The models by name. Every arm runs on every model. */
  readonly models: Readonly<Record<string, UseEntry>>;
  /** The plugins that all runs use besides the model: a compute plugin, a trainer and an evaluator. */
  readonly use: readonly UseEntry[];
  /** Every arm runs with every seed. Default: `[42]`. */
  readonly seeds?: readonly number[];
  /**
   * The arms: for each arm name, a value of any type that describes what is different in this arm. It is passed to
   * `stages`. If the value is a number, such as the share of language in a mixture, it is also recorded, for plots.
   */
  readonly arms: Arms;
  /**
   * The name of the arm that the others are compared with. Default: the first. Required when the name of an arm is a
   * whole number, such as "0", because JavaScript moves such keys to the front of an object.
   */
  readonly base?: keyof Arms & string;
  /**
   * Returns the stages of an arm. Must return equal stages for equal arguments. Stages that several arms begin with run
   * once per model and seed.
   */
  stages(arm: Arms[keyof Arms], variation: StudyVariation): readonly Stage[];
}

/** The model, the arm and the seed of a run of a study. */
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

/** A study as created by {@link study}. Creating it runs nothing. */
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
 * Creates a study: one experiment for each arm, model and seed. Throws `invalid-options` if an option, an arm or a
 * stage is missing or wrong.
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
      `study: base is ${shownValue(base)}, which is not an arm. Use one of: ${listed(armNames)}.`,
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
      if (twice !== undefined) context.addIssue(`the seed ${twice} occurs twice; remove one`);
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

/** Names that the study itself uses in its folder, so that no model may have them. */
const RESERVED: ReadonlySet<string> = new Set([SHARED, "study.json"]);

/** Throws `invalid-options` for a name that is not a valid and unique folder name on every file system. */
function checkNames(option: string, names: readonly string[]): void {
  const refuse = (problem: string): never => {
    throw new MlanError("invalid-options", `study: ${option} ${problem}`);
  };
  for (const [index, name] of names.entries()) {
    const lower = name.toLowerCase();
    if (!isSafeName(name)) refuse(`has ${shownValue(name)}; expected ${NAME}. Rename it.`);
    if (option === "models" && RESERVED.has(lower)) {
      refuse(`has "${name}", which is the name of a file or folder that the study itself uses. Rename it.`);
    }
    const other = names.findIndex((one) => one.toLowerCase() === lower);
    if (other < index) {
      refuse(
        `has both "${names[other]}" and "${name}", which are the same folder on file systems that ignore letter case. Rename one.`,
      );
    }
  }
}

/** Throws `invalid-options` for an arm whose value is NaN or infinite, which JSON cannot represent. */
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

/** Creates the experiment of a run. Errors name the arm, the model and the seed. */
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
