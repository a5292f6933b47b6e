import { randomUUID } from "node:crypto";
import type { Generation, GenerationRequest } from "@mlan/core";
import { checkRoom } from "./admission.ts";
import { ApiError } from "./api-error.ts";
import type { Batcher } from "./batcher.ts";
import type { CompletionKind } from "./completion-kinds.ts";
import type { ResponseHead } from "./response-parts.ts";
import type { ServeSettings } from "./serve-options.ts";
import { generationOf, type SharedBody } from "./shared-fields.ts";

export interface Reply {
  /** Aborted when the answer is no longer needed. Its reason is the error to send if the client still listens. */
  readonly signal: AbortSignal;
  json(body: object): void;
  /** Sends an event of a stream. The first call begins the response. */
  event(body: object): void;
  endEvents(): void;
}

export interface CompletionService {
  readonly batcher: Batcher;
  readonly settings: ServeSettings;
  readonly fingerprint: string;
  /** Names of adapters, which a request may send as the name of the model. */
  readonly adapters: readonly string[];
}

/** Answers a completion request with this body. Throws {@link ApiError} or the model's error. */
export async function answerCompletion<Body extends SharedBody>(
  kind: CompletionKind<Body>,
  { batcher, settings, fingerprint, adapters }: CompletionService,
  given: unknown,
  reply: Reply,
): Promise<void> {
  const body = kind.read(given);
  const { model } = body;
  checkModel(model, [settings.name, ...adapters]);
  const id = `${kind.prefix}-${randomUUID()}`;
  const head: ResponseHead = {
    id,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: fingerprint,
  };
  const asked = kind.ask(body, settings);
  const maximumNewTokens = tokensOf(kind.tokens(body), settings);
  const chunks = kind.chunks(head, body);
  const begun = new Set<number>();
  const begin = (choice: number): void => {
    if (!begun.has(choice) && chunks.begin) reply.event(chunks.begin(choice));
    begun.add(choice);
  };
  const answers = await allAnswers(body.n ?? 1, batcher, settings, (choice) => {
    const request: GenerationRequest & { readonly signal: AbortSignal } = {
      id: `${id}-${choice}`,
      ...asked,
      ...(model !== settings.name && { adapter: model }),
      ...generationOf(body, choice),
      maximumNewTokens,
      signal: reply.signal,
    };
    if (body.stream !== true) return { request };
    return {
      request,
      onText(piece) {
        begin(choice);
        reply.event(chunks.text(choice, piece));
      },
    };
  });
  // An answer that was aborted must not look complete.
  reply.signal.throwIfAborted();
  if (body.stream !== true) return reply.json(kind.whole(head, body, answers));
  for (const [choice, answer] of answers.entries()) {
    begin(choice);
    reply.event(chunks.end(choice, answer));
  }
  if (body.stream_options?.include_usage === true) reply.event(chunks.usage(answers));
  reply.endEvents();
}

/** Generates all choices of a request. Throws {@link ApiError} when too many answers are pending. */
async function allAnswers(
  count: number,
  batcher: Batcher,
  { maximumWaiting }: ServeSettings,
  jobOf: (choice: number) => Parameters<Batcher["answer"]>[0],
): Promise<readonly Generation[]> {
  if (count > maximumWaiting)
    throw new ApiError(400, `n is ${count}; this server gives at most ${maximumWaiting} answers at a time.`, {
      param: "n",
    });
  checkRoom(batcher.size, count, maximumWaiting);
  return Promise.all(Array.from({ length: count }, (_, choice) => batcher.answer(jobOf(choice))));
}

function checkModel(model: string, names: readonly string[]): void {
  if (names.includes(model)) return;
  const known = names.map((name) => JSON.stringify(name)).join(", ");
  const message = `there is no model ${JSON.stringify(model.slice(0, 100))}; this server has ${known}.`;
  throw new ApiError(404, message, { param: "model", code: "model_not_found" });
}

function tokensOf(
  [field, wanted]: ReturnType<CompletionKind<SharedBody>["tokens"]>,
  { maximumTokens }: ServeSettings,
): number {
  if (wanted == null || wanted <= maximumTokens) return wanted ?? maximumTokens;
  const message = `${field} is ${wanted}; this server generates at most ${maximumTokens} tokens.`;
  throw new ApiError(400, message, { param: field });
}
