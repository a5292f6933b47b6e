import type { ImageReference, Turn } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import type { Wording } from "./wording.ts";

/** What a model is asked: text to continue, or a conversation whose last user turn it answers. */
export type Prompt = RawPrompt | ChatPrompt;

/**
 * Text that the model continues. With n images, the first n placeholders mark their places; everything else is plain
 * text, including special tokens such as `</s>`. For prompts that are too long, see `GenerationOptions.longPrompts`.
 */
export interface RawPrompt {
  readonly kind: "raw";
  readonly text: string;
  /** Whether the prompt starts with the begin-of-sequence token. */
  readonly beginOfSequence: boolean;
  /**
   * Tokenizes the text like one of the two evaluation harnesses of arXiv 2411.10557. Both require an image for every
   * placeholder and turn special tokens written in the text into tokens. Long texts are truncated: `language` keeps the
   * last positions, 256 fewer than the model has; `vision` keeps the first positions of a text with images, up to the
   * maximum length of the model's format.
   */
  readonly harness?: "language" | "vision";
}

/**
 * A user turn, the turns before it and the beginning of the answer, to be written in the model's conversation template.
 * Special tokens in the texts are plain text. The n-th placeholder in the user turns marks the place of the n-th image;
 * without placeholders, all images are placed before the first user turn, as in training.
 */
export interface ChatPrompt {
  readonly kind: "chat";
  /**
   * The turns before the user's: at most one system turn, then user and assistant turns in alternation, ending with an
   * assistant turn. Default: none, so that the template's system prompt applies.
   */
  readonly history?: readonly Turn[];
  readonly user: string;
  /** Text that the generated answer continues, e.g. `The best answer is "`. */
  readonly answerStart: string;
}

/** Returns the texts of a prompt in order, without the template that the model adds. */
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
  /** The correct answer in the form that {@link Extractor.extract} returns. {@link Protocol.target} may override it. */
  readonly target: string;
  /** The same for all questions about one article or image; statistics treat these questions as dependent. */
  readonly cluster?: string;
}

export interface Choice {
  readonly label: string;
  readonly text: string;
}

/** A scored answer, as metrics see it. */
export interface Outcome {
  readonly id: string;
  readonly target: string;
  /** What the extractor read from the answer; undefined when it could read nothing. */
  readonly extracted: string | undefined;
  readonly correct: boolean;
  readonly cluster?: string;
}

/** A number computed from all outcomes. It is also computed on subsets, to estimate its standard error. */
export interface Metric {
  (outcomes: readonly Outcome[]): number;
  /**
   * Set when the value is the share of outcomes that are `correct`. It then gets the confidence interval of a
   * proportion.
   */
  readonly proportion?: true;
}

/**
 * A named way to read answers. It is pure and uses only what answer files store, so any extractor can read stored
 * answers again without the model or the data.
 */
export interface Extractor {
  /** Unique within its benchmark, e.g. "paper". */
  readonly name: string;
  /** Incremented whenever any answer would be read or judged differently. */
  readonly version: number;
  /** The answer ends before the first occurrence of any of these strings. */
  readonly stop: readonly string[];
  /**
   * Reads an answer that has been cut at the stop strings. Returns undefined when it finds no answer; it never guesses.
   */
  extract(answer: string, choices: readonly Choice[]): string | undefined;
  isCorrect(extracted: string, target: string): boolean;
}

/**
 * How the questions of a benchmark are asked and judged. All methods are pure. Results of different protocols are never
 * mixed.
 */
export interface Protocol<Q extends Question = Question> {
  /** Unique within its benchmark, e.g. "strict". */
  readonly name: string;
  /** Incremented whenever prompts or metrics change: results of different versions are not comparable. */
  readonly version: number;
  /**
   * Names of the wordings that the protocol supports, when it reproduces code with prompts for certain models only.
   * Default: all.
   */
  readonly wordings?: readonly string[];
  /** Returns the prompt of a question. Throws `invalid-options` for a wording that the protocol does not support. */
  prompt(question: Q, wording: Wording): Prompt;
  /** Returns the choices in the order in which the prompt offers them; empty if it offers none. */
  choices(question: Q): readonly Choice[];
  /** Returns the correct answer in the form that the extractor returns. Default: the question's `target`. */
  target?(question: Q): string;
  /**
   * Whether questions without a correct answer are still asked, as in the original code of some protocols. Default
   * false: such a question is an error ({@link targetProblem}).
   */
  readonly allowsUnanswerable?: boolean;
  readonly maximumNewTokens: number;
  /** Returns the extractor for models with the named wording; without a name, the default extractor. */
  extractor(wording?: string): Extractor;
  /** Metrics by name. The first is the benchmark's headline number. */
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** Whether a value is a benchmark: a dataset of questions, with protocols to ask them. */
export function isBenchmark<Example>(value: Dataset<Example>): value is Asked<Example>;
export function isBenchmark(value: unknown): value is Benchmark;
export function isBenchmark(value: unknown): boolean {
  const { name, open, protocol, protocols, extractors } = Object(value);
  const isDataset = typeof name === "string" && typeof open === "function";
  return isDataset && typeof protocol === "function" && [protocols, extractors].every(Array.isArray);
}

/** A benchmark whose examples may have any type. */
export type Asked<Example> = Dataset<Example> & Pick<Benchmark, "protocol" | "protocols" | "extractors" | "limit">;

export interface Benchmark<Q extends Question = Question> extends Dataset<Q> {
  /** Names of the benchmark's protocols, the default one first. */
  readonly protocols: readonly string[];
  /** Returns the named protocol; without a name, the default one. Throws `invalid-options` for an unknown name. */
  protocol(name?: string): Protocol<Q>;
  /**
   * All extractors that can read the benchmark's answers, including those of its protocols. Their names are distinct.
   */
  readonly extractors: readonly Extractor[];
  /** Number of questions asked, counted from the first ({@link take}). Default: all. */
  readonly limit?: number;
}
