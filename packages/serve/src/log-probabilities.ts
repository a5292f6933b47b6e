import type { GeneratedToken, TokenLogProbability } from "@mlan/core";

interface TokenBody {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

/** Log-probabilities in the format of chat completions. */
export interface ChatLogProbabilities {
  readonly content: readonly (TokenBody & { readonly top_logprobs: readonly TokenBody[] })[];
  readonly refusal: null;
}

export function chatLogProbabilities(tokens: readonly GeneratedToken[]): ChatLogProbabilities {
  const content = tokens.map((token) => ({ ...tokenBody(token), top_logprobs: token.likeliest.map(tokenBody) }));
  return { content, refusal: null };
}

/** Returns a token in the format of the API. `bytes` is null for a part of a character, whose bytes are unknown. */
function tokenBody({ text, logProbability }: TokenLogProbability): TokenBody {
  const bytes = text.includes("\ufffd") ? null : [...new TextEncoder().encode(text)];
  return { token: text, logprob: logProbability, bytes };
}
