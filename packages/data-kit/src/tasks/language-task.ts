import type { Choice, Extractor, Question } from "@mlan/core";
import { exactMatch } from "../answers/metrics.ts";
import { harnessStop } from "../answers/paper-answers.ts";
import type { AskingDefinition, JudgingDefinition, PromptDefinition } from "../benchmarks/protocol-definition.ts";
import { languageHarnessPrompt } from "../prompts/raw-prompt.ts";

export interface LanguageTask<Q extends Question> {
  /** Returns the text of a question, which is the same in both protocols. */
  asked(question: Q): string;
  /** Returns the choices that the question offers. Default: its `choices`. */
  choices?(question: Q): readonly Choice[];
  readonly paper: Extractor;
  readonly strict: Extractor;
}

export type LanguageProtocols<Q extends Question> = Readonly<{
  paper: JudgingDefinition<Q> & PromptDefinition<Q>;
  strict: JudgingDefinition<Q> & AskingDefinition<Q>;
}>;

/**
 * Creates the protocols `paper` and `strict` of a task of the original language harness. `paper` has one prompt for all
 * models, without a begin-of-sequence token. `strict` asks the same question in the model's own wording.
 */
export function languageProtocols<Q extends Question>(task: LanguageTask<Q>): LanguageProtocols<Q> {
  const { asked, choices, paper, strict } = task;
  const shared = { version: 1, ...(choices && { choices }), maximumNewTokens: 20 };
  return {
    paper: {
      ...shared,
      prompt: (question) => languageHarnessPrompt(`User: ${asked(question)}\nAssistant: The best answer is"`),
      extractor: paper,
      allowsUnanswerable: true,
    },
    strict: {
      ...shared,
      ask: (question) => ({ user: asked(question), answerStart: 'The best answer is "' }),
      extractor: strict,
    },
  };
}

export interface LanguageExtractorOptions {
  /** Whether letter case is ignored, so that "a" is correct if "A" is. Default true. */
  readonly ignoreCase?: boolean;
}

/** Creates the extractor of the original language harness. It does not trim answers: " A" is wrong. */
export function languageExtractor(
  read: (answer: string, choices: readonly Choice[]) => string,
  { ignoreCase = true }: LanguageExtractorOptions = {},
): Extractor {
  return {
    name: "paper",
    version: 2,
    stop: harnessStop,
    extract: (answer, choices) => (answer === "" ? undefined : read(answer, choices)),
    isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase }),
  };
}
