import { access } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AnswerRecord, MlanError, runFolder, toFolderUrl } from "@mlan/core";
import { evaluationsOf } from "@mlan/eval-kit";
import type { AnswerView, ImageView, QuestionView } from "./view-questions.ts";
import type { EvaluatedModel, Evaluation, View } from "./view.ts";

export interface QuestionsOptions {
  readonly benchmark: string;
  /** Default: the only protocol, or the first. */
  readonly protocol?: string;
  /** Ids of the models whose answers are returned. Default: all models of the view. */
  readonly models?: readonly string[];
  /** The seed whose answers are returned, for models with several seeds. Default: each model's first. */
  readonly seed?: number;
  /** Like `seed`, for several seeds: the answers of each model are returned in this order of seeds. */
  readonly seeds?: readonly number[];
}

/**
 * Yields every question of a benchmark that at least one of the models answered, with the answers of all models. Yields
 * nothing if no answers were kept. Throws `invalid-options` for a model or benchmark that the view does not have.
 */
export async function* questionsOf(
  view: View,
  options: QuestionsOptions,
): AsyncGenerator<QuestionView, void, undefined> {
  const { benchmark } = options;
  const protocol = options.protocol ?? protocolOf(view, benchmark);
  const models = modelsIn(view, options.models);
  const answers: (ReadonlyMap<string, AnswerRecord> | undefined)[] = [];
  const folders = new Set<string>();
  for (const evaluation of models.flatMap((model) => evaluationsIn(model, options))) {
    const read = await answersOf(view, evaluation, benchmark, protocol);
    answers.push(read?.answers);
    for (const folder of read?.imageFolders ?? []) folders.add(folder);
  }
  const find = imageFinder([...folders]);
  const ids = new Set(answers.flatMap((known) => [...(known?.keys() ?? [])]));
  for (const id of ids) {
    const records = answers.map((known) => known?.get(id));
    const first = records.find((record) => record !== undefined);
    if (first) yield await questionOf(benchmark, first, records, find);
  }
}

function protocolOf({ benchmarks }: View, benchmark: string): string {
  const found = benchmarks.find((one) => one.benchmark === benchmark);
  if (found) return found.protocol;
  const known = [...new Set(benchmarks.map((one) => one.benchmark))].join(", ");
  throw new MlanError(
    "invalid-options",
    `questionsOf: the view has no benchmark "${benchmark}". It has: ${known || "none"}.`,
  );
}

function modelsIn({ models }: View, wanted: readonly string[] | undefined): readonly EvaluatedModel[] {
  return (wanted ?? models.map(({ id }) => id)).map((id) => {
    const found = models.find((model) => model.id === id);
    if (found) return found;
    const known = models.map((model) => model.id).join(", ");
    throw new MlanError("invalid-options", `questionsOf: the view has no model "${id}". It has: ${known || "none"}.`);
  });
}

function evaluationsIn(
  { evaluations }: EvaluatedModel,
  { seed, seeds }: Pick<QuestionsOptions, "seed" | "seeds">,
): readonly (Evaluation | undefined)[] {
  const of = (wanted: number | undefined): Evaluation | undefined => evaluations.find((one) => one.seed === wanted);
  return seeds ? seeds.map(of) : [of(seed) ?? evaluations[0]];
}

interface ReadAnswers {
  readonly answers: ReadonlyMap<string, AnswerRecord>;
  readonly imageFolders: readonly string[];
}

async function answersOf(
  { runs }: View,
  evaluation: Evaluation | undefined,
  benchmark: string,
  protocol: string,
): Promise<ReadAnswers | undefined> {
  const place = runs.find(({ id }) => id === evaluation?.run);
  if (!place || !evaluation) return undefined;
  try {
    const folder = toFolderUrl(place.folder);
    const manifest = await runFolder(folder).readManifest();
    if (!manifest) return undefined;
    const { evaluations } = await evaluationsOf(
      { folder, manifest, damage: [] },
      { stage: evaluation.stage, benchmark },
    );
    const found = evaluations.find(({ header }) => header.protocol === protocol);
    const { imageFolders = [] } = manifest.stages[evaluation.stage]?.data?.[benchmark] ?? {};
    return found && { answers: new Map(found.records.map((record) => [record.id, record])), imageFolders };
  } catch (error) {
    if (MlanError.is(error)) return undefined; // reported in the warnings of the view
    throw error;
  }
}

async function questionOf(
  benchmark: string,
  first: AnswerRecord,
  records: readonly (AnswerRecord | undefined)[],
  find: (name: string) => Promise<ImageView>,
): Promise<QuestionView> {
  const { id, target, cluster, choices = [] } = first;
  const prompt = records.find((record) => record?.asked !== undefined)?.asked;
  const images = records.find((record) => record?.images !== undefined)?.images ?? [];
  return {
    benchmark,
    id,
    target,
    ...(cluster !== undefined && { cluster }),
    choices,
    // Answers that keep their prompt keep the names of their images too.
    ...(prompt !== undefined && { prompt, images: await Promise.all(images.map(find)) }),
    answers: records.map((record) => record && answerOf(record, prompt)),
  };
}

function answerOf(
  { answer, extracted, correct, asked, truncatedPositions, scores }: AnswerRecord,
  prompt: string | undefined,
): AnswerView {
  return {
    answer,
    extracted,
    correct,
    ...(asked !== undefined && asked !== prompt && { prompt: asked }),
    ...(truncatedPositions !== undefined && { truncatedPositions }),
    ...(scores && { logProbabilities: scores.map(({ logProbability }) => logProbability) }),
  };
}

/** Returns a function that finds image files in folders. It looks up each name only once. */
function imageFinder(folders: readonly string[]): (name: string) => Promise<ImageView> {
  const known = new Map<string, Promise<ImageView>>();
  const search = async (name: string): Promise<ImageView> => {
    for (const folder of folders) {
      const file = fileBelow(folder, name);
      if (file === undefined) continue;
      const isThere = await access(file).then(
        () => true,
        () => false,
      );
      if (isThere) return { name, file };
    }
    return { name, ...(folders.length > 0 && { isMissing: true }) };
  };
  return (name) => {
    const found = known.get(name) ?? search(name);
    known.set(name, found);
    return found;
  };
}

/** Returns the path of an image; undefined for a name that leaves the folder, such as `../a.png`. */
function fileBelow(folder: string, name: string): string | undefined {
  if (!URL.canParse(folder) || new URL(folder).protocol !== "file:") return undefined;
  const root = fileURLToPath(folder);
  const file = join(root, name);
  return file.startsWith(root) ? file : undefined;
}
