import {
  type AskedText,
  type Choice,
  counted,
  type Extractor,
  IMAGE_PLACEHOLDER,
  type Metric,
  MlanError,
  type Prompt,
  type Protocol,
  type Question,
  type Wording,
} from "@mlan/core";
import { accuracy } from "../answers/metrics.ts";

/** The user's message that asks a question, and the beginning of the answer. */
export interface QuestionWords extends Pick<AskedText, "user" | "answerStart"> {
  /**
   * Number of `<image>` placeholders in `user`, which mark where the question's last images go. All other images
   * precede the text. Default 0: `<image>` in `user` is plain text.
   */
  readonly placedImages?: number;
}

/** How a protocol asks and judges. All functions must be pure. */
export type ProtocolDefinition<Q extends Question> = JudgingDefinition<Q> & (AskingDefinition<Q> | PromptDefinition<Q>);

/** Asks in the wording of the model, so that any model can be asked. */
export interface AskingDefinition<Q extends Question> {
  ask(question: Q): QuestionWords;
  /** Other texts for models with certain wordings, by the wording's name, e.g. "vicuna-base". */
  readonly askAs?: ByWording<(question: Q) => QuestionWords>;
  readonly prompt?: never;
}

/** Defines whole prompts: one function for all models, or one function per wording, by the wording's name. */
export interface PromptDefinition<Q extends Question> {
  readonly prompt: ((question: Q) => Prompt) | ByWording<(question: Q) => Prompt>;
  readonly ask?: never;
  readonly askAs?: never;
}

export interface JudgingDefinition<Q extends Question> {
  /** Must be increased whenever prompts or metrics change. Results of different versions are not comparable. */
  readonly version: number;
  /** Returns the choices in the order in which the prompt offers them. Default: the question's choices. */
  choices?(question: Q): readonly Choice[];
  /** Returns the correct answer, in the form that the extractor returns. Default: the question's target. */
  target?(question: Q): string;
  /** See {@link Protocol.allowsUnanswerable}. Default false. */
  readonly allowsUnanswerable?: boolean;
  readonly maximumNewTokens: number;
  readonly extractor: Extractor;
  /** Other extractors for models with certain wordings, by the wording's name. */
  readonly extractorAs?: ByWording<Extractor>;
  /** Metrics by name. The first is the headline number. Default: accuracy. */
  readonly metrics?: Readonly<Record<string, Metric>>;
}

type ByWording<Value> = Readonly<Record<string, Value>>;

/** Creates the protocol of a benchmark. Throws `contract` if the definition has neither `ask` nor `prompt`, or both. */
export function protocolFrom<Q extends Question>(
  benchmark: string,
  name: string,
  definition: ProtocolDefinition<Q>,
): Protocol<Q> {
  const { version, target, allowsUnanswerable, maximumNewTokens, extractor, extractorAs = {} } = definition;
  if ((definition.ask === undefined) === (definition.prompt === undefined)) {
    const problem = definition.ask ? "both `ask` and `prompt`" : "neither `ask` nor `prompt`";
    throw new MlanError("contract", `${benchmark}: its protocol "${name}" has ${problem}; define one of the two.`);
  }
  const wordings = typeof definition.prompt === "object" ? Object.keys(definition.prompt) : undefined;
  if (wordings?.length === 0) {
    throw new MlanError("contract", `${benchmark}: its protocol "${name}" has prompts for no wording; define one.`);
  }
  return {
    name,
    version,
    ...(wordings && { wordings }),
    prompt: (question, wording) => promptOf(benchmark, name, definition, question, wording),
    choices: (question) => definition.choices?.(question) ?? question.choices ?? [],
    ...(target && { target: (question: Q) => target(question) }),
    ...(allowsUnanswerable !== undefined && { allowsUnanswerable }),
    maximumNewTokens,
    extractor: (wording = "") => own(extractorAs, wording) ?? extractor,
    metrics: definition.metrics ?? { accuracy },
  };
}

export function extractorsOf<Q extends Question>({
  extractor,
  extractorAs,
}: JudgingDefinition<Q>): readonly Extractor[] {
  return [extractor, ...Object.values(extractorAs ?? {})];
}

function promptOf<Q extends Question>(
  benchmark: string,
  name: string,
  definition: AskingDefinition<Q> | PromptDefinition<Q>,
  question: Q,
  wording: Wording,
): Prompt {
  if (definition.ask) {
    const asked = own(definition.askAs ?? {}, wording.name)?.(question) ?? definition.ask(question);
    const { user, answerStart, placedImages = 0 } = asked;
    const images = question.images.length - placedImages;
    if (placedImages > 0) checkPlaces(benchmark, question, user, placedImages);
    return wording.ask({ user, answerStart, images });
  }
  const { prompt } = definition;
  if (typeof prompt === "function") return prompt(question);
  const worded = own(prompt, wording.name);
  if (worded) return worded(question);
  throw new MlanError(
    "invalid-options",
    `${benchmark}: the protocol "${name}" has no prompts for a model with the wording "${wording.name}", only for ` +
      `${Object.keys(prompt).join(", ")}; use a protocol that asks in the model's own wording, such as "strict".`,
  );
}

/**
 * Throws `invalid-data` unless the text has exactly `placed` placeholders, and the question at least as many images.
 */
function checkPlaces(benchmark: string, { id, images }: Question, user: string, placed: number): void {
  const places = user.split(IMAGE_PLACEHOLDER).length - 1;
  if (places === placed && placed <= images.length) return;
  throw new MlanError(
    "invalid-data",
    `${benchmark}: question "${id}" has ${counted(places, "placeholder")} ${IMAGE_PLACEHOLDER} in its text, for ` +
      `${placed} of ${counted(images.length, "image")}; write one for each image that is placed in the text.`,
  );
}

function own<Value>(values: ByWording<Value>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
