import type { GenerationOptions, GenerationRequest, Model, Prompt, Wording } from "@mlan/core";
import { WORDINGS } from "@mlan/testing";

export interface ScriptedModel extends Model {
  /** All requests in the order of arrival. */
  readonly asked: readonly GenerationRequest[];
  readonly options: readonly (GenerationOptions | undefined)[];
}

export interface ScriptedModelOptions {
  readonly wording?: Wording;
  readonly fingerprint?: string;
  readonly templateFingerprint?: string;
  /** Number of positions by which the prompt of a question is truncated. Default 0. */
  readonly truncatedPositions?: (id: string) => number;
  readonly rename?: (id: string) => string;
  /** Whether requests are not recorded. */
  readonly forgetful?: boolean;
}

/** Creates a model that returns the text of `answer`, or no answer where `answer` returns undefined. */
export function scriptedModel(
  answer: (prompt: Prompt, id: string) => string | undefined,
  {
    wording = WORDINGS.tuned,
    fingerprint = "scripted",
    truncatedPositions = () => 0,
    rename = (id) => id,
    forgetful = false,
    templateFingerprint,
  }: ScriptedModelOptions = {},
): ScriptedModel {
  const asked: GenerationRequest[] = [];
  const seen: (GenerationOptions | undefined)[] = [];
  return {
    specVersion: 1,
    name: "scripted",
    fingerprint,
    templateFingerprint,
    wording,
    asked,
    options: seen,
    async *generate(requests, options) {
      if (!forgetful) asked.push(...requests);
      seen.push(options);
      for (const { id, prompt } of requests) {
        const text = answer(prompt, id);
        if (text === undefined) continue;
        const cut = truncatedPositions(id) > 0 && { truncatedPositions: truncatedPositions(id) };
        yield { id: rename(id), text, finish: "stop", promptLength: 1, computedPositions: 1, ...cut };
      }
    },
    score: async () => [],
    dispose() {},
  };
}
