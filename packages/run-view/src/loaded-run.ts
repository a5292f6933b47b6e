import {
  MlanError,
  messageOf,
  pathOf,
  type Location,
  readRun,
  type Run,
  runFolder,
  type StageResult,
  toFolderUrl,
} from "@mlan/core";
import type { ComparedAnswer, ComparedResult } from "@mlan/eval-compare";
import { evaluationsOf, type StoredEvaluation } from "@mlan/eval-kit";
import { z } from "zod";
import { damageText, type Repeated } from "./damage-text.ts";
import type { RunState } from "./view.ts";

/** The content of a run folder, as far as views need it. */
export interface LoadedRun {
  readonly id: string;
  readonly name: string;
  /** Path of the run folder. */
  readonly folder: string;
  readonly seed: number;
  readonly state: RunState;
  readonly problem?: string;
  /** Absent when the folder cannot be read, or does not exist yet. */
  readonly run?: Run;
  readonly results: readonly StageResult[];
  /** Answers by the key that {@link placeOf} returns. Empty if answers were not read. */
  readonly answers: ReadonlyMap<string, KeptAnswers>;
  /** Problems with individual files. */
  readonly problems: readonly RunProblem[];
  /** For each copied stage, the id of the run that it was copied from. */
  readonly sharedFrom: ReadonlyMap<string, string>;
}

interface RunProblem {
  readonly kind: "damage" | "answers-missing";
  readonly text: string;
  readonly stage?: string;
  readonly benchmark?: string;
  /** The damaged file, see {@link Damage.file}. */
  readonly file?: string;
}

/** An answer without its texts. */
interface KeptAnswer extends ComparedAnswer {
  /** What the extractor read from the answer; null if it could read nothing. */
  readonly extracted: string | null;
  /** {@link Question.kind}. */
  readonly kind?: string;
  /** Number of choices in the prompt. */
  readonly choices: number;
  /** The labels of the choices. */
  readonly labels: string;
  /** Whether every choice is its own label, as "yes" is. */
  readonly areChoicesWords: boolean;
}

/** The answers to one benchmark in one stage. */
export interface KeptAnswers extends Omit<ComparedResult, "answers" | "label"> {
  readonly wording: string;
  readonly answers: readonly KeptAnswer[];
  /** Number of questions of the evaluation, answered or not. */
  readonly questions: number;
}

export interface LoadOptions {
  readonly id?: string;
  /** Whether to read answers. */
  readonly answers: boolean;
  readonly sharedFrom?: ReadonlyMap<string, string>;
  /** What is run again to repair the run. Default: "experiment or study". */
  readonly repeated?: Repeated;
}

export function placeOf(stage: string, benchmark: string): string {
  return JSON.stringify([stage, benchmark]);
}

/** Reads a run. Throws `run-folder` when the folder is not a run folder, or its manifest cannot be read. */
export async function loadRun(source: Location | Run, options: LoadOptions): Promise<LoadedRun> {
  const run = isRun(source) ? source : await readRun(source, { skipDamaged: true });
  const { manifest } = run;
  const { name, seed, stages } = manifest.plan;
  const [results, malformed] = wellFormed(run.results);
  const { answers, problems } = options.answers ? await answersOf(run, options.repeated) : NO_ANSWERS;
  // A file that has changed has one warning, also if it lacks answers.
  const named = new Set(problems.flatMap(({ file }) => file ?? []));
  const isDone = stages.every((stage) => manifest.stages[stage.name]?.done === true);
  return {
    id: options.id ?? name,
    name,
    folder: pathOf(run.folder),
    seed,
    state: isDone ? "done" : "unfinished",
    run,
    results,
    answers,
    problems: [
      ...run.damage
        .filter(({ file }) => !named.has(file))
        .map((one): RunProblem => ({ kind: "damage", text: damageText(one, options.repeated) })),
      ...malformed.map((place): RunProblem => ({
        kind: "damage",
        text: `results.json: the result of ${place} lacks fields.`,
      })),
      ...problems,
    ],
    sharedFrom: options.sharedFrom ?? new Map(),
  };
}

/**
 * Like {@link loadRun}, but a folder that cannot be read becomes a run without content. The seed of this run is `seed`,
 * or NaN if it is not given.
 */
export async function loadReadable(
  source: Location,
  options: LoadOptions & { readonly seed?: number },
): Promise<LoadedRun> {
  try {
    return await loadRun(source, options);
  } catch (error) {
    if (!MlanError.is(error)) throw error;
    const folder = pathOf(toFolderUrl(source));
    const { id = folder, seed = NaN } = options;
    return emptyRun({ id, seed, folder, state: "unreadable", problem: messageOf(error) });
  }
}

/** A run without content. */
export function emptyRun(
  known: Pick<LoadedRun, "id" | "folder" | "seed" | "state"> & { readonly problem?: string },
): LoadedRun {
  const { id, folder, seed, state, problem } = known;
  const nothing = { results: [], answers: new Map(), problems: [], sharedFrom: new Map() };
  return { id, name: id, folder, seed, state, ...(problem !== undefined && { problem }), ...nothing };
}

function isRun(source: Location | Run): source is Run {
  return typeof source === "object" && "manifest" in source;
}

type FoundAnswers = Pick<LoadedRun, "answers" | "problems">;

const NO_ANSWERS: FoundAnswers = { answers: new Map(), problems: [] };

async function answersOf(run: Run, repeated: Repeated = "experiment or study"): Promise<FoundAnswers> {
  const { evaluations, damaged } = await evaluationsOf(run);
  const files = runFolder(run.folder);
  const problemOf = (text: string, stage: string, benchmark: string): RunProblem => {
    const { href } = files.answers(stage, benchmark);
    const changed = run.damage.find(({ file }) => new URL(file, files.url).href === href);
    return {
      kind: changed ? "damage" : "answers-missing",
      text,
      stage,
      benchmark,
      ...(changed && { file: changed.file }),
    };
  };
  const problems = [
    ...damaged.map(({ stage, benchmark, error }) =>
      problemOf(`The answers to ${benchmark} at ${stage} were not read: ${messageOf(error)}`, stage, benchmark),
    ),
    ...evaluations
      .filter(({ records, header }) => records.length < header.questions)
      .map(({ stage, header: { benchmark, questions }, records, damage }) => {
        const remedy = damage?.isRepairable ? ` Run the ${repeated} again in its folder to ask the rest.` : "";
        return problemOf(
          `${benchmark} at ${stage} has ${records.length} of ${questions} answers.${remedy}`,
          stage,
          benchmark,
        );
      }),
  ];
  const answers = evaluations.map((one) => [placeOf(one.stage, one.header.benchmark), keptAnswers(one)] as const);
  return { answers: new Map(answers), problems };
}

function keptAnswers({ header, records }: StoredEvaluation): KeptAnswers {
  const { benchmark, protocol, fingerprints, wording, questions } = header;
  const answers = records.map(
    ({ id, correct, target, extracted, cluster, kind, prompt, choices = [] }): KeptAnswer => ({
      id,
      correct,
      target,
      extracted,
      choices: choices.length,
      labels: choices.map(({ label }) => label).join(" "),
      areChoicesWords: choices.length > 0 && choices.every(({ label, text }) => label === text),
      ...(cluster !== undefined && { cluster }),
      ...(kind !== undefined && { kind }),
      ...(prompt !== undefined && { prompt }),
    }),
  );
  return { benchmark, protocol, fingerprints, wording, questions, answers };
}

/** A number, possibly not finite. */
const number = z.custom<number>((value) => typeof value === "number");
const resultSchema = z.looseObject({
  benchmark: z.string(),
  protocol: z.string(),
  protocolVersion: number,
  evaluator: z.string(),
  extractor: z.looseObject({ name: z.string(), version: number }),
  wording: z.string(),
  fingerprints: z.looseObject({ questions: z.string(), prompts: z.string(), protocol: z.string() }),
  questions: number,
  unreadable: number,
  metrics: z.record(
    z.string(),
    z.looseObject({
      value: number,
      standardError: number.optional(),
      interval: z.looseObject({ low: number, high: number }).optional(),
    }),
  ),
  positions: z.looseObject({ prompts: number, computed: number }),
  verification: z.looseObject({ checked: number, flips: z.array(z.unknown()), smallestMargin: number }).optional(),
});

/** Returns the complete results, and the names of results that lack fields, since users may edit results.json. */
function wellFormed(results: readonly StageResult[]): readonly [readonly StageResult[], readonly string[]] {
  const isWhole = (result: StageResult): boolean => resultSchema.safeParse(result).success;
  return [
    results.filter(isWhole),
    results.filter((result) => !isWhole(result)).map(({ stage, benchmark }) => `${benchmark} at ${stage}`),
  ];
}
