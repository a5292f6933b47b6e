import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { messageOf } from "@mlan/core";
import { type AnswerView, questionsOf, type QuestionView, type View } from "@mlan/run-view";
import type { AnswerColumns, PackedQuestions, PictureData, QuestionTableData } from "./page-data.ts";
import { createPictures, type Pictures } from "./pictures.ts";

/** The questions of one benchmark with the answers of some models. */
export interface QuestionSource {
  readonly benchmark: string;
  readonly protocol: string;
  /** Ids of the models in the order of {@link QuestionView.answers}. */
  readonly models: readonly string[];
  /** The seeds whose answers each question has, by model and then by seed. Default: one answer per model. */
  readonly seeds?: readonly number[];
  readonly questions: AsyncIterable<QuestionView>;
}

export interface PackedTable {
  readonly table: QuestionTableData;
  /** {@link PackedQuestions} as gzipped JSON in base64. */
  readonly packed: string;
}

export interface AllQuestions {
  readonly tables: readonly PackedTable[];
  /** For benchmarks whose questions cannot be shown: the reason. */
  readonly notes: readonly string[];
}

/** Returns the questions of all benchmarks of a view from the run folders. */
export function storedQuestions(view: View): readonly QuestionSource[] {
  const models = view.models.map(({ id }) => id);
  const several = view.models.some(({ evaluations }) => evaluations.length > 1);
  const all = view.models.flatMap(({ evaluations }) => evaluations.map(({ seed }) => seed));
  const seeds = several && { seeds: [...new Set(all)] };
  return view.benchmarks.map(({ benchmark, protocol }) => ({
    benchmark,
    protocol,
    models,
    ...seeds,
    questions: questionsOf(view, { benchmark, protocol, models, ...seeds }),
  }));
}

/** Reads the questions of all benchmarks and compresses them, with at most `imageBytes` bytes of images in total. */
export async function packQuestions(
  sources: readonly QuestionSource[],
  { models, benchmarks }: View,
  imageBytes: number,
): Promise<AllQuestions> {
  const places = new Map(models.map(({ id }, index) => [id, index]));
  const pictures = createPictures();
  const tables: PackedTable[] = [];
  const notes: string[] = [];
  for (const [index, { benchmark, protocol, models: asked, seeds = [], questions }] of sources.entries()) {
    // Bytes that a benchmark does not use remain for the next benchmarks.
    pictures.allow(imageBytes / sources.length);
    const several = benchmarks.filter((one) => one.benchmark === benchmark).length > 1;
    const title = several ? `${benchmark} (${protocol})` : benchmark;
    try {
      const columns = await columnsOf(questions, asked.length * Math.max(1, seeds.length), pictures);
      if (columns.ids.length === 0) continue;
      const packed = await promisify(gzip)(JSON.stringify(columns), { level: 9 });
      const table = {
        title,
        element: `questions-${index}`,
        questions: columns.ids.length,
        models: asked.map((id) => places.get(id) ?? 0),
        seeds,
      };
      tables.push({ table, packed: packed.toString("base64") });
    } catch (error) {
      notes.push(`The questions of ${title} cannot be shown: ${messageOf(error)}`);
    }
  }
  return { tables, notes };
}

async function columnsOf(
  questions: AsyncIterable<QuestionView>,
  models: number,
  pictures: Pictures,
): Promise<PackedQuestions> {
  const ids: string[] = [];
  const targets: string[] = [];
  const prompts: (string | null)[] = [];
  const choices: number[] = [];
  const choiceLists: (readonly string[])[] = [];
  const choicePlaces = new Map<string, number>();
  const images: (readonly number[] | null)[] = [];
  const shown: PictureData[] = [];
  const shownPlaces = new Map<string, number>();
  const columns = Array.from({ length: models }, emptyColumns);
  for await (const question of questions) {
    const index = ids.push(question.id) - 1;
    targets.push(question.target);
    prompts.push(question.prompt ?? null);
    const list = question.choices.map(({ label, text }) => (label === text ? label : `${label}: ${text}`));
    choices.push(placeOf(JSON.stringify(list), list, choicePlaces, choiceLists));
    if (question.images === undefined) images.push(null);
    else {
      const found: number[] = [];
      for (const image of question.images) {
        const key = JSON.stringify([image.name, image.file]);
        const place = shownPlaces.get(key) ?? placeOf(key, await pictures.read(image), shownPlaces, shown);
        found.push(place);
      }
      images.push(found);
    }
    for (const [place, column] of columns.entries()) add(column, index, question.answers[place]);
  }
  return { ids, targets, prompts, choices, choiceLists, images, pictures: shown, answers: columns };
}

/** Returns the index of a value in `list`, and adds the value if its key is new. */
function placeOf<Value>(key: string, value: Value, places: Map<string, number>, list: Value[]): number {
  const found = places.get(key);
  if (found !== undefined) return found;
  places.set(key, list.length);
  return list.push(value) - 1;
}

interface GrowingColumns extends AnswerColumns {
  readonly answers: (string | null)[];
  readonly extracted: (string | null)[];
  readonly correct: (0 | 1)[];
  readonly prompts: Record<string, string>;
  readonly truncated: Record<string, number>;
}

function emptyColumns(): GrowingColumns {
  return { answers: [], extracted: [], correct: [], prompts: {}, truncated: {} };
}

function add(columns: GrowingColumns, index: number, answer: AnswerView | undefined): void {
  columns.answers.push(answer?.answer ?? null);
  columns.extracted.push(answer?.extracted ?? null);
  columns.correct.push(answer?.correct ? 1 : 0);
  if (answer?.prompt !== undefined) columns.prompts[index] = answer.prompt;
  if (answer?.truncatedPositions !== undefined) columns.truncated[index] = answer.truncatedPositions;
}
