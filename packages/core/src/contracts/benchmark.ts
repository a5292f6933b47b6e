import type { ImageReference, Turn } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import type { Wording } from "./wording.ts";

/** The input of a model: text to continue, or a conversation whose last user turn the model answers. */
export type Prompt = RawPrompt | ChatPrompt;

/**
 * Text that the model continues. With n images, the first n {@link IMAGE_PLACEHOLDER}s mark where the images go.
 * Everything else is plain text, including special tokens such as `</s>`. {@link GenerationOptions.longPrompts} applies
 * to prompts that are too long.
 */
export interface RawPrompt {
  readonly kind: "raw";
  readonly text: string;
  readonly beginOfSequence: boolean;
  /**
   * Tokenizes the text like one of the two evaluation harnesses of arXiv 2411.10557. Both harnesses require an image
   * for every placeholder, parse special tokens in the text, and truncate long texts: `language` keeps the last
   * positions, 256 fewer than the model's context length; `vision` keeps the first positions of a text with images, up
   * to the maximum length of the model's format.
   */
  readonly harness?: "language" | "vision";
}

/**
 * A user turn, the turns before it, and the beginning of the answer. The model writes them in its conversation
 * template. Special tokens in the texts are plain text. The n-th {@link IMAGE_PLACEHOLDER} in the user turns marks
 * where the n-th image goes. Without placeholders, all images go before the first user turn, as in training.
 */
export interface ChatPrompt {
  readonly kind: "chat";
  /**
   * The turns before the user's: at most one system turn, then user and assistant turns in alternation, ending with an
   * assistant turn. Default: none, and the template's system prompt applies.
   */
  readonly history?: readonly Turn[];
  readonly user: string;
  /** Text that the generated answer continues, e.g. `The best answer is "`. */
  readonly answerStart: string;
}

/** Returns the texts of a prompt in order, without the conversation template. */
export function promptTexts(prompt: Prompt): readonly string[] {
  if (prompt.kind === "raw") return [prompt.text];
  const { history = [], user, answerStart } = prompt;
  return [...history.map(({ text }) => text), user, answerStart];
}

/** One question of a benchmark. Plugins add the fields that their prompts need. */
export interface Question {
  /** Unique within its benchmark. */
  readonly id: string;
  readonly images: readonly ImageReference[];
  readonly choices?: readonly Choice[];
  /**
   * The correct answer, in the form that {@link Extractor.extract} returns. {@link Protocol.target} may override it.
   */
  readonly target: string;
  /**
   * Names the article or image that several questions are about. Statistics treat the questions of a cluster as
   * dependent.
   */
  readonly cluster?: string;
  /**
   * The kind of the question, e.g. "query attr". A benchmark that has several kinds sets it for all questions. It is kept
   * with the answers, for the accuracy of always giving the most frequent answer of each kind.
   */
  readonly kind?: string;
}

export interface Choice {
  readonly label: string;
  readonly text: string;
}

/** A scored answer, the input of metrics. */
export interface Outcome {
  readonly id: string;
  readonly target: string;
  /** What the extractor read from the answer; undefined when it could read nothing. */
  readonly extracted: string | undefined;
  readonly correct: boolean;
  readonly cluster?: string;
}

/** A number computed from outcomes: from all of them for the value, and from subsets for the standard error. */
export interface Metric {
  (outcomes: readonly Outcome[]): number;
  /**
   * Set when the value is the proportion of outcomes that are `correct`. The value then has the confidence interval of
   * a proportion.
   */
  readonly proportion?: true;
}

/**
 * A pure function that reads answers, with a name and a version. It uses only what answer files store, so stored
 * answers can be read again without the model or the data.
 */
export interface Extractor {
  /** Unique within its benchmark, e.g. "paper". */
  readonly name: string;
  /** Incremented whenever any answer would be read or judged differently. */
  readonly version: number;
  /** The answer ends before the first occurrence of any of these strings. */
  readonly stop: readonly string[];
  /**
   * Reads an answer, already cut at the stop strings. Returns undefined when the answer contains no choice or value
   * that can be read with certainty.
   */
  extract(answer: string, choices: readonly Choice[]): string | undefined;
  /**
   * Whether the extractor reads only answers to questions with choices. A question without choices is then an error
   * ({@link targetProblem}). Default false.
   */
  readonly needsChoices?: boolean;
  isCorrect(extracted: string, target: string): boolean;
}

/**
 * How the questions of a benchmark are asked and judged. All methods are pure. Results of different protocols are not
 * comparable.
 */
export interface Protocol<Q extends Question = Question> {
  /** Unique within its benchmark, e.g. "strict". */
  readonly name: string;
  /** Incremented whenever prompts or metrics change. Results of different versions are not comparable. */
  readonly version: number;
  /** Names of the wordings for which the protocol has prompts. Default: all. */
  readonly wordings?: readonly string[];
  /** Returns the prompt of a question. Throws `invalid-options` for a wording that the protocol does not support. */
  prompt(question: Q, wording: Wording): Prompt;
  /** Returns the choices in the order in which the prompt offers them; empty if it offers none. */
  choices(question: Q): readonly Choice[];
  /** Returns the correct answer in the form that the extractor returns. Default: the question's `target`. */
  target?(question: Q): string;
  /**
   * Whether questions without a correct answer are asked, as the original code of some protocols does. Default false:
   * such a question is an error ({@link targetProblem}).
   */
  readonly allowsUnanswerable?: boolean;
  readonly maximumNewTokens: number;
  /** Returns the extractor for models with the named wording. Without a name, returns the default extractor. */
  extractor(wording?: string): Extractor;
  /** Metrics by name. The first is the benchmark's headline number. */
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** Whether a dataset is a benchmark: its examples are questions, and it has protocols. */
export function isBenchmark<Example>(value: Dataset<Example>): value is Asked<Example>;
export function isBenchmark(value: unknown): value is Benchmark;
export function isBenchmark(value: unknown): boolean {
  const { name, open, protocol, protocols, extractors } = Object(value);
  const isDataset = typeof name === "string" && typeof open === "function";
  return isDataset && typeof protocol === "function" && [protocols, extractors].every(Array.isArray);
}

/** A benchmark with examples of any type. */
export type Asked<Example> = Dataset<Example> & Pick<Benchmark, "protocol" | "protocols" | "extractors" | "limit">;

export interface Benchmark<Q extends Question = Question> extends Dataset<Q> {
  /** Names of the protocols. The first is the default. */
  readonly protocols: readonly string[];
  /**
   * Returns the named protocol. Without a name, returns the default protocol. Throws `invalid-options` for an unknown
   * name.
   */
  protocol(name?: string): Protocol<Q>;
  /** All extractors that can read the answers, including the protocols' own. Their names are distinct. */
  readonly extractors: readonly Extractor[];
  /** Number of questions to ask, starting with the first ({@link take}). Default: all. */
  readonly limit?: number;
}
