import { setImmediate } from "node:timers/promises";
import { type Conversation, type Encoded, nothingToLearn, PYTHON_WHITE_SPACE, type TrainRun } from "@mlan/core";

/**
 * The conversations of a dataset that are used for training, with indices from 0. As in the original code,
 * conversations without a supervised position are included and do not affect the loss. `lossWeighting: "position"`
 * leaves them out.
 */
export interface TrainingSet {
  /** The fingerprint of the dataset. */
  readonly fingerprint: string;
  readonly length: number;
  /** Ids of the conversations without a supervised position, with the reason for the first few. */
  readonly unsupervised: readonly string[];
  /**
   * Ids of the conversations whose supervised positions are not exactly those of the answers, with the reason for the
   * first few.
   */
  readonly misaligned: readonly string[];
  /** Number of positions per conversation, including image positions. */
  readonly positions: ArrayLike<number>;
  /** Number of supervised positions per conversation. */
  readonly supervised: ArrayLike<number>;
  /** Number of words per conversation. Negative for a conversation without images. */
  readonly words: ArrayLike<number>;
  /**
   * The name of each conversation's dataset, if there are several. Several datasets with the same name are numbered.
   */
  readonly datasets?: readonly string[];
  example(index: number): Promise<Encoded>;
}

/**
 * Number of tokens kept in memory (ids and labels, 4 bytes each). Other conversations are encoded again when needed.
 */
const KEPT_TOKENS = 16_000_000;
const REASONS = 5;
/** Matches a word as in Python's `str.split()`. */
const WORD = new RegExp(`[^${PYTHON_WHITE_SPACE}]+`, "g");

/**
 * Opens the dataset and encodes it once, in the model's current format. Does not read images. Throws `invalid-data`
 * when no conversation has a supervised position.
 */
export async function openTrainingSet({ model, data, recipe, signal }: TrainRun): Promise<TrainingSet> {
  const { lossWeighting = "micro-batch", answerSpans = "text" } = recipe;
  const examples = await data.open(signal ? { signal } : {});
  const survey = newSurvey(lossWeighting === "micro-batch");
  for (let index = 0; index < examples.length; index++) {
    // Lets signals and timers run. Encoding alone never leaves the microtask queue.
    if (index % 256 === 0) await setImmediate();
    signal?.throwIfAborted();
    const conversation = await examples.at(index);
    record(survey, index, conversation, model.encode(conversation, { answerSpans }));
  }
  if (survey.unsupervised.length === examples.length) {
    const reasons = survey.unsupervised.slice(0, REASONS);
    throw nothingToLearn(data.name, { conversations: examples.length, reasons, format: model.format });
  }
  const names = uniqueNames((examples.sources ?? []).map(({ name }) => name));
  const datasets = survey.sources.flatMap((index) => names[examples.sourceOf?.(index) ?? -1] ?? []);
  return {
    ...survey,
    fingerprint: examples.fingerprint,
    length: survey.sources.length,
    ...(new Set(datasets).size > 1 && { datasets }),
    async example(index) {
      return survey.kept[index] ?? model.encode(await examples.at(survey.sources[index] ?? -1), { answerSpans });
    },
  };
}

/** Returns the names with a number added to those that occur several times, e.g. "stories (2)". */
function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  return names.map((name) => {
    if (names.indexOf(name) === names.lastIndexOf(name)) return name;
    let number = 1;
    while (taken.has(`${name} (${number})`)) number++;
    taken.add(`${name} (${number})`);
    return `${name} (${number})`;
  });
}

interface Survey {
  readonly sources: number[];
  readonly positions: number[];
  readonly supervised: number[];
  readonly words: number[];
  readonly unsupervised: string[];
  readonly misaligned: string[];
  readonly kept: Encoded[];
  keptTokens: number;
  /** Whether conversations without a supervised position are kept. */
  readonly keepsUnsupervised: boolean;
}

function newSurvey(keepsUnsupervised: boolean): Survey {
  const lists = { sources: [], positions: [], supervised: [], words: [], unsupervised: [], misaligned: [], kept: [] };
  return { ...lists, keptTokens: 0, keepsUnsupervised };
}

function record(survey: Survey, index: number, conversation: Conversation, encoded: Encoded): void {
  if (encoded.supervised === 0) {
    const reason = survey.unsupervised.length < REASONS ? `: ${encoded.problem ?? "no position is supervised"}` : "";
    survey.unsupervised.push(`${encoded.id}${reason}`);
    if (!survey.keepsUnsupervised) return;
  } else if (encoded.problem !== undefined) {
    const reason = survey.misaligned.length < REASONS ? `: ${encoded.problem}` : "";
    survey.misaligned.push(`${encoded.id}${reason}`);
  }
  if (survey.keptTokens + encoded.inputIds.length <= KEPT_TOKENS) {
    survey.kept[survey.sources.length] = encoded;
    survey.keptTokens += encoded.inputIds.length;
  }
  survey.sources.push(index);
  survey.positions.push(encoded.length);
  survey.supervised.push(encoded.supervised);
  survey.words.push(signedWords(conversation));
}

function signedWords({ turns, images }: Conversation): number {
  const counted = turns.reduce((sum, { text }) => sum + (text.match(WORD)?.length ?? 0), 0);
  const words = Math.max(1, counted); // 0 would have no sign; the original code refuses such data
  return images.length > 0 ? words : -words;
}
