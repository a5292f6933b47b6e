import { setImmediate } from "node:timers/promises";
import { type Conversation, type Encoded, nothingToLearn, type TrainRun } from "@mlan/core";

/**
 * The conversations of a dataset that take places in batches, numbered anew from 0: all of them, as in the original
 * code, where one without supervision is drawn and adds nothing to the loss; with `lossWeighting: "position"` those that teach
 * something.
 */
export interface TrainingSet {
  /** The dataset's. */
  readonly fingerprint: string;
  readonly length: number;
  /** The conversations without a supervised position, with the reason of the first few. */
  readonly unsupervised: readonly string[];
  /** The conversations of which something else than their answers is learned, with the reason of the first few. */
  readonly mislearned: readonly string[];
  /** Per conversation: positions including those of images. */
  readonly positions: ArrayLike<number>;
  /** Per conversation: positions that are learned. */
  readonly supervised: ArrayLike<number>;
  /** Per conversation: words of its text, negative without images. */
  readonly words: ArrayLike<number>;
  example(index: number): Promise<Encoded>;
}

/** Token ids that are kept in memory (4 bytes each, twice); conversations beyond it are encoded again when needed. */
const KEPT_TOKENS = 16_000_000;
const REASONS = 5;
/** Python's `str.split()` takes other characters for white space than JavaScript's `\s`. */
// oxlint-disable-next-line no-control-regex
const WORD = /[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/**
 * Opens the dataset and encodes it once, in the model's current format. Images are not read.
 * Throws `invalid-data` when nothing can be learned from it.
 */
export async function openTrainingSet({ model, data, recipe, signal }: TrainRun): Promise<TrainingSet> {
  const { lossWeighting = "micro-batch", answerSpans = "text" } = recipe;
  const examples = await data.open(signal ? { signal } : {});
  const survey = newSurvey(lossWeighting === "micro-batch");
  for (let index = 0; index < examples.length; index++) {
    // Signals and timers get their turn: encoding alone never leaves the microtask queue.
    if (index % 256 === 0) await setImmediate();
    signal?.throwIfAborted();
    const conversation = await examples.at(index);
    record(survey, index, conversation, model.encode(conversation, { answerSpans }));
  }
  if (survey.unsupervised.length === examples.length) {
    const reasons = survey.unsupervised.slice(0, REASONS);
    throw nothingToLearn(data.name, { conversations: examples.length, reasons, format: model.format });
  }
  return {
    ...survey,
    fingerprint: examples.fingerprint,
    length: survey.sources.length,
    async example(index) {
      return survey.kept[index] ?? model.encode(await examples.at(survey.sources[index] ?? -1), { answerSpans });
    },
  };
}

interface Survey {
  readonly sources: number[];
  readonly positions: number[];
  readonly supervised: number[];
  readonly words: number[];
  readonly unsupervised: string[];
  readonly mislearned: string[];
  readonly kept: Encoded[];
  keptTokens: number;
  /** Whether conversations without supervision keep their places. */
  readonly keepsUnsupervised: boolean;
}

function newSurvey(keepsUnsupervised: boolean): Survey {
  const lists = { sources: [], positions: [], supervised: [], words: [], unsupervised: [], mislearned: [], kept: [] };
  return { ...lists, keptTokens: 0, keepsUnsupervised };
}

function record(survey: Survey, index: number, conversation: Conversation, encoded: Encoded): void {
  if (encoded.supervised === 0) {
    const reason = survey.unsupervised.length < REASONS ? `: ${encoded.problem ?? "no position is supervised"}` : "";
    survey.unsupervised.push(`${encoded.id}${reason}`);
    if (!survey.keepsUnsupervised) return;
  } else if (encoded.problem !== undefined) {
    const reason = survey.mislearned.length < REASONS ? `: ${encoded.problem}` : "";
    survey.mislearned.push(`${encoded.id}${reason}`);
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
