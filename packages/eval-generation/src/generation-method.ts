import type { EvaluateRun, GenerationOptions, GenerationRequest, Protocol } from "@mlan/core";
import { type AskedQuestion, type EvaluationMethod, outcomeOf } from "@mlan/eval-kit";

/**
 * Truncates a prompt that is too long at its beginning, as other evaluation harnesses do, so that the evaluation
 * continues.
 */
export const LONG_PROMPTS = { longPrompts: "truncate" } as const;

/** Returns the method that asks for greedily decoded answers with these options. */
export function generationMethod(options: GenerationOptions): EvaluationMethod {
  return {
    name: "generation",
    settings: null,
    extractor: (protocol, wording) => protocol.extractor(wording),
    async *ask(run, protocol, chunk) {
      const requests = chunk.map((asked) => requestOf(run, protocol, asked));
      const { signal } = run;
      const how = { ...LONG_PROMPTS, ...options, ...(signal && { signal }) };
      for await (const generation of run.model.generate(requests, how)) {
        const { id, text, promptLength, computedPositions, truncatedPositions } = generation;
        yield {
          id,
          answer: text,
          truncatedPositions,
          positions: { prompts: promptLength, computed: computedPositions },
        };
      }
    },
    scorings: ({ metrics }) => [{ metrics, outcome: outcomeOf }],
  };
}

export function requestOf(
  run: EvaluateRun,
  protocol: Protocol,
  { question, prompt }: AskedQuestion,
): GenerationRequest {
  return {
    id: question.id,
    prompt,
    images: question.images,
    maximumNewTokens: protocol.maximumNewTokens,
    stop: protocol.extractor(run.model.wording.name).stop,
  };
}
