import { type ChatPrompt, MlanError, type RawPrompt, type Score, type ScoreRequest, shownValue } from "@mlan/core";
import { chatFields, continuesAnswers, textFields } from "./chat-body.ts";
import type { Endpoint } from "./endpoint-model.ts";
import { chatReply, type PromptLogProbabilities, textReply } from "./replies.ts";
import type { Body } from "./server.ts";

type Prompted<Prompt> = ScoreRequest & { readonly prompt: Prompt };

/** Scores a continuation by the log-probabilities of a prompt that ends with it, on servers that return them. */
export class Scorer {
  readonly #endpoint: Endpoint;
  /** Tokens of each prompt without a continuation. The choices of a question share their prompt. */
  readonly #prompts = new Map<string, Promise<readonly string[]>>();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** Scores one continuation. Throws `unavailable` when the server returns no log-probabilities of prompts. */
  async score(request: ScoreRequest, signal: AbortSignal): Promise<Score> {
    this.#endpoint.meter.checkBudget();
    const { prompt } = request;
    return prompt.kind === "raw"
      ? this.#scoreText({ ...request, prompt }, signal)
      : this.#scoreChat({ ...request, prompt }, signal);
  }

  /** Scores with `echo`: the server returns the text and its continuation with log-probabilities, and one new token. */
  async #scoreText({ id, prompt, images, continuation }: Prompted<RawPrompt>, signal: AbortSignal): Promise<Score> {
    const { server, meter } = this.#endpoint;
    const fields = textFields(prompt, { id, images });
    const text = prompt.text + continuation;
    const body = { ...fields, prompt: text, echo: true, logprobs: 1, max_tokens: 1, temperature: 0 };
    const { choices, usage } = await server.ask({ id, path: "/completions", body, signal }, textReply);
    meter.add(usage);
    const { tokens = [], token_logprobs: values = [], text_offset: offsets = [] } = choices[0].logprobs ?? {};
    // A token that spans the end of the prompt counts as part of the continuation.
    const [start, end] = [lengthOf(prompt.text), lengthOf(text)];
    const first = offsets.findIndex((_, index) => (offsets[index + 1] ?? end) > start);
    const last = offsets.findLastIndex((offset) => offset < end) + 1;
    const scored = first < 0 ? [] : values.slice(first, last);
    if (offsets[0] !== 0 || (continuation !== "" && scored.length === 0)) throw this.#cannotScore();
    // Servers that decode tokens one by one lose spaces, and the offsets of tokens are then wrong.
    const found = tokens.slice(first, last).join("");
    if (scored.length > 0 && found !== [...text].slice(offsets[first]).join("")) throw this.#notFound(id, found);
    return this.#scoreOf(id, scored, last);
  }

  /** Scores with `prompt_logprobs`, for a chat whose last message is the start of the answer and the choice. */
  async #scoreChat({ id, prompt, images, continuation }: Prompted<ChatPrompt>, signal: AbortSignal): Promise<Score> {
    const { server } = this.#endpoint.options;
    if (!continuesAnswers(server)) throw this.#cannotScore();
    const tokensOf = async (text: string): Promise<PromptLogProbabilities> => {
      const fields = await chatFields({ ...prompt, answerStart: prompt.answerStart + text }, images, server);
      return this.#promptTokens(id, fields, signal);
    };
    const key = JSON.stringify([prompt, images.map(({ name }) => name)]);
    const known = this.#prompts.get(key) ?? tokensOf("").then((tokens) => tokens.map(idOf));
    this.#prompts.set(key, known);
    // A failure is thrown for every choice that awaits the tokens.
    known.catch(() => {});
    const [before, found] = [await known, await tokensOf(continuation)];
    const first = found.findIndex((token, index) => before[index] !== idOf(token));
    const scored = first < 0 ? [] : found.slice(first).map((token) => valueOf(token));
    return this.#scoreOf(id, scored, found.length);
  }

  async #promptTokens(id: string, fields: Body, signal: AbortSignal): Promise<PromptLogProbabilities> {
    const { server, meter } = this.#endpoint;
    const body = { ...fields, prompt_logprobs: 0, max_tokens: 1, temperature: 0 };
    const reply = await server.ask({ id, path: "/chat/completions", body, signal }, chatReply);
    meter.add(reply.usage);
    if (!reply.prompt_logprobs || reply.prompt_logprobs.length === 0) throw this.#cannotScore();
    return reply.prompt_logprobs;
  }

  #scoreOf(id: string, scored: readonly (number | null | undefined)[], tokens: number): Score {
    const logProbability = scored.reduce<number>((sum, value) => sum + (value ?? NaN), 0);
    if (!Number.isFinite(logProbability)) throw this.#cannotScore();
    const length = tokens - 1;
    return { id, logProbability, tokens: scored.length, length, computedPositions: length };
  }

  #notFound(id: string, found: string): MlanError {
    const { baseURL } = this.#endpoint.options;
    const where = `${baseURL} returns tokens for ${shownValue(id)} that do not add up to its text (${shownValue(found)})`;
    const way = 'use chats on a vLLM server with server: "vllm", or evaluate with generation()';
    return new MlanError("unavailable", `model-endpoint: ${where}, so the continuation cannot be scored; ${way}.`);
  }

  #cannotScore(): MlanError {
    const { baseURL, server } = this.#endpoint.options;
    const needs = 'which likelihood() needs; use a vLLM server with server: "vllm", or evaluate with generation()';
    const message = `model-endpoint: ${baseURL} (server "${server}") returns no log-probabilities of prompts, ${needs}.`;
    return new MlanError("unavailable", message);
  }
}

/** Returns the id of a prompt's token. "" for a token that was not predicted, such as the first. */
function idOf(token: PromptLogProbabilities[number]): string {
  // With prompt_logprobs 0, the token itself is the only entry.
  return Object.keys(token ?? {})[0] ?? "";
}

function valueOf(token: PromptLogProbabilities[number]): number | undefined {
  const [value, ...others] = Object.values(token ?? {});
  return others.length === 0 ? value?.logprob : undefined;
}

/** Returns the length in code points, the unit of token offsets in Python. */
function lengthOf(text: string): number {
  return [...text].length;
}
