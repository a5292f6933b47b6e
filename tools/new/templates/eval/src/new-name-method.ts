import type { GenerationOptions } from "@mlan/core";
import { type EvaluationMethod, outcomeOf } from "@mlan/eval-kit";

/** Obtains answers and computes metrics from them. */
export function newNameMethod(options: GenerationOptions): EvaluationMethod {
  return {
    name: "new-name",
    settings: null,
    extractor: (protocol, wording) => protocol.extractor(wording),
    async *ask({ model, signal }, protocol, chunk) {
      const { stop } = protocol.extractor(model.wording.name);
      const requests = chunk.map(({ question: { id, images }, prompt }) => ({
        id,
        prompt,
        images,
        maximumNewTokens: protocol.maximumNewTokens,
        stop,
      }));
      // A prompt that is too long loses its beginning, and the evaluation continues.
      const answers = model.generate(requests, { longPrompts: "truncate", ...options, ...(signal && { signal }) });
      for await (const { id, text, promptLength, computedPositions } of answers)
        yield { id, answer: text, positions: { prompts: promptLength, computed: computedPositions } };
    },
    scorings: ({ metrics }) => [{ metrics, outcome: outcomeOf }],
  };
}
