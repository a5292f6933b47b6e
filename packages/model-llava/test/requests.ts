import type { GenerationRequest, Prompt } from "@mlan/core";

export function raw(text: string): Prompt {
  return { kind: "raw", text, beginOfSequence: true };
}

/** Returns a request for four tokens after "abc", with changes. */
export function request(changes: Partial<GenerationRequest> & { readonly id: string }): GenerationRequest {
  return { prompt: raw("abc"), images: [], maximumNewTokens: 4, ...changes };
}
