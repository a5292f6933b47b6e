import type { ImageReference, Turn } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import type { Wording } from "./wording.ts";

/** The text a model answers to. */
export type Prompt = RawPrompt | ChatPrompt;

/**
 * Text that the model continues. The first image placeholders count, as many as the question has images; everything else
 * is text, including special tokens such as `</s>`. A prompt that is too long for the model loses its beginning; with
 * images it is refused.
 */
export interface RawPrompt {
  readonly kind: "raw";
  readonly text: string;
  /** Whether the begin-of-sequence token comes first. */
  readonly beginOfSequence: boolean;
  /**
   * Reads the text as a harness of arXiv 2411.10557 does. In both harnesses every placeholder must have an image, and
   * special tokens written in the text become tokens. `language` keeps the end of the text: as many positions as the model
   * has, minus 256. `vision` keeps the beginning when there are images: as many positions as the model's format allows.
   */
  readonly harness?: "language" | "vision";
}

/**
 * A user turn in the model's own conversation template, what was said before it, and how the answer begins. Special tokens
 * that are written in the texts are text. The n-th placeholder in the user's turns is the place of the n-th image; without
 * placeholders, the images go in front of the first user turn, as in training.
 */
export interface ChatPrompt {
  readonly kind: "chat";
  /**
   * What was said before: at most one system turn, then alternating turns, from a first user turn to a last assistant turn.
   * Default: nothing, so that the template's own system prompt applies.
   */
  readonly history?: readonly Turn[];
  readonly user: string;
  /** Text that the generated answer continues, e.g. `The best answer is "`. */
  readonly answerStart: string;
}

/** The texts of a prompt in their order, without the template that the model puts around them. */
export function promptTexts(prompt: Prompt): readonly string[] {
  if (prompt.kind === "raw") return [prompt.text];
  const { history = [], user, answerStart } = prompt;
  return [...history.map(({ text }) => text), user, answerStart];
}

/** What a benchmark yields; plugins extend it with the fields that their prompts need. */
export interface Question {
  /** Unique within its benchmark. */
  readonly id: string;
  readonly images: readonly ImageReference[];
  readonly choices?: readonly Choice[];
  /** The right answer in the form that {@link Extractor.extract} returns, unless a protocol defines its own. */
  readonly target: string;
  /** Questions on one article or image share it; statistics treat them as dependent. */
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

/** A number computed from all outcomes. It is called again on subsets to estimate its standard error. */
export interface Metric {
  (outcomes: readonly Outcome[]): number;
  /** The value is the share of outcomes that are `correct`; the interval of a proportion then fits. */
  readonly proportion?: true;
}

/**
 * A named way to read answers. It is pure and needs only what an answer file keeps, so any extractor can read stored
 * answers again without the model and the data.
 */
export interface Extractor {
  /** Unique within its benchmark, e.g. "paper". */
  readonly name: string;
  /** Raised whenever any answer would be read or judged differently. */
  readonly version: number;
  /** The answer ends before the first occurrence of any of these. */
  readonly stop: readonly string[];
  /** Reads the answer, already cut at stop strings; undefined when there is none, never a guess. */
  extract(answer: string, choices: readonly Choice[]): string | undefined;
  isCorrect(extracted: string, target: string): boolean;
}

/** How one benchmark is asked and judged. Every member is pure. Results of different protocols are never mixed. */
export interface Protocol<Q extends Question = Question> {
  /** Unique within its benchmark, e.g. "strict". */
  readonly name: string;
  /** Raised whenever prompts or metrics change: results of different versions do not compare. */
  readonly version: number;
  /**
   * The names of the wordings that it can ask in, e.g. because it keeps the prompts of code that has no others. Default: all.
   */
  readonly wordings?: readonly string[];
  /** Throws `invalid-options` for a wording that it cannot ask in. */
  prompt(question: Q, wording: Wording): Prompt;
  /** The choices in the order in which the prompt offers them; empty if it offers none. */
  choices(question: Q): readonly Choice[];
  /** The right answer in the form that the extractor returns. Default: the question's `target`. */
  target?(question: Q): string;
  /**
   * Whether questions without a right answer are asked anyway, as code does whose quirks a protocol keeps. Default false:
   * such a question is refused ({@link targetProblem}).
   */
  readonly allowsUnanswerable?: boolean;
  readonly maximumNewTokens: number;
  /** The extractor for models with the wording of that name; without a name, the one for most models. */
  extractor(wording?: string): Extractor;
  /** The first is the benchmark's headline number. */
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** Whether a value is a benchmark: a dataset that asks questions. */
export function isBenchmark<Example>(value: Dataset<Example>): value is Asked<Example>;
export function isBenchmark(value: unknown): value is Benchmark;
export function isBenchmark(value: unknown): boolean {
  const { name, open, protocol, protocols, extractors } = Object(value);
  const isDataset = typeof name === "string" && typeof open === "function";
  return isDataset && typeof protocol === "function" && [protocols, extractors].every(Array.isArray);
}

/** A dataset whose examples are questions, of whatever kind. */
export type Asked<Example> = Dataset<Example> & Pick<Benchmark, "protocol" | "protocols" | "extractors" | "limit">;

export interface Benchmark<Q extends Question = Question> extends Dataset<Q> {
  /** The names of its protocols, the default one first. */
  readonly protocols: readonly string[];
  /** The protocol of that name; without a name, the default one. Throws `invalid-options` when there is none. */
  protocol(name?: string): Protocol<Q>;
  /** Every way in which answers can be read, those of the protocols among them; names are distinct. */
  readonly extractors: readonly Extractor[];
  /** At most this many questions are asked, from the first ({@link take}). Default: all. */
  readonly limit?: number;
}
