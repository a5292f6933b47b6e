import { type GenerationRequest, MlanError } from "@mlan/core";
import type { ServerKind } from "./endpoint-options.ts";
import type { Body } from "./server.ts";

/** Returns the fields for sampling. Throws `invalid-options` for options that servers do not support. */
export function samplingFields(request: GenerationRequest, server: ServerKind): Body {
  const { id, maximumNewTokens, stop = [], stopTokens = [], sampling, repetitionPenalty, logProbabilities } = request;
  if (logProbabilities !== undefined) {
    const message = `model-endpoint: "${id}" asks for log-probabilities with token ids, which servers do not send; leave out logProbabilities.`;
    throw new MlanError("invalid-options", message);
  }
  // OpenAI accepts at most four stop strings.
  const stops = server === "openai" ? stop.slice(0, 4) : stop;
  return {
    [server === "openai" ? "max_completion_tokens" : "max_tokens"]: maximumNewTokens,
    temperature: sampling === undefined ? 0 : (sampling.temperature ?? 1),
    ...(sampling?.topP !== undefined && { top_p: sampling.topP }),
    ...(sampling?.topK !== undefined && { top_k: sampling.topK }),
    ...(sampling?.minP !== undefined && { min_p: sampling.minP }),
    ...(sampling?.seed !== undefined && { seed: sampling.seed }),
    ...(repetitionPenalty !== undefined && {
      [server === "llama.cpp" ? "repeat_penalty" : "repetition_penalty"]: repetitionPenalty,
    }),
    ...(stops.length > 0 && { stop: stops }),
    ...(stopTokens.length > 0 && { stop_token_ids: stopTokens }),
  };
}
