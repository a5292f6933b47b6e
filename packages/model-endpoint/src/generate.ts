import { beforeStop, type Generation, type GenerationOptions, type GenerationRequest } from "@mlan/core";
import { chatFields, continuesAnswers, textFields } from "./chat-body.ts";
import type { Endpoint } from "./endpoint-model.ts";
import { chatReply, type Ending, type ReportedUsage, streamPiece, textReply } from "./replies.ts";
import { samplingFields } from "./sampling-fields.ts";
import type { Body, Question } from "./server.ts";
import { type StartRemover, startRemover } from "./start-remover.ts";

/**
 * Answers one request. Throws `unavailable` or `invalid-options`. The request's own signal ends the answer without an
 * error.
 */
export async function generate(
  endpoint: Endpoint,
  request: GenerationRequest,
  { details = false, onText }: GenerationOptions,
  ended: AbortSignal,
): Promise<Generation> {
  const { id, prompt, signal } = request;
  const { server } = endpoint.options;
  endpoint.meter.checkBudget();
  const said = prompt.kind === "chat" && !continuesAnswers(server) ? prompt.answerStart : "";
  const fields =
    prompt.kind === "chat" ? await chatFields(prompt, request.images, server) : textFields(prompt, request);
  const question: Question = {
    id,
    path: prompt.kind === "chat" ? "/chat/completions" : "/completions",
    body: {
      ...fields,
      ...samplingFields(withRoomFor(said, request), server),
      ...(details && marginFields(prompt.kind)),
    },
    signal: signal ? AbortSignal.any([signal, ended]) : ended,
  };
  const start = startRemover(said);
  try {
    return onText
      ? await streamed(endpoint, question, start, { ...request, onText })
      : await whole(endpoint, question, start);
  } catch (error) {
    if (signal?.aborted !== true || ended.aborted) throw error;
    return { id, text: start.text(), finish: "aborted", promptLength: NaN, computedPositions: NaN };
  }
}

/**
 * Adapts a request for a model that repeats the start of the answer: allows additional tokens for the start, and
 * removes stop strings that the start contains.
 */
function withRoomFor(start: string, request: GenerationRequest): GenerationRequest {
  const { maximumNewTokens, stop = [] } = request;
  const stops = stop.filter((end) => !start.includes(end));
  return { ...request, maximumNewTokens: maximumNewTokens + start.length, stop: stops };
}

/** Fields that request the two most likely tokens at each position. */
function marginFields(kind: "chat" | "raw"): Body {
  return kind === "chat" ? { logprobs: true, top_logprobs: 2 } : { logprobs: 2 };
}

async function whole({ server, meter }: Endpoint, question: Question, start: StartRemover): Promise<Generation> {
  if (question.path === "/chat/completions") {
    const { choices, usage } = await server.ask(question, chatReply);
    const [choice] = choices;
    meter.add(usage);
    start.add(choice.message.content ?? "");
    const margins = choice.logprobs?.content?.map((token) =>
      marginOf(token.top_logprobs?.map(({ logprob }) => logprob)),
    );
    return { ...generation(question.id, start.end(), choice, usage), ...(margins && { margins }) };
  }
  const { choices, usage } = await server.ask(question, textReply);
  const [choice] = choices;
  meter.add(usage);
  const margins = choice.logprobs?.top_logprobs?.map((likeliest) => marginOf(likeliest && Object.values(likeliest)));
  return { ...generation(question.id, choice.text, choice, usage), ...(margins && { margins }) };
}

/**
 * Returns the difference between the two log-probabilities, which equals the difference between the two logits. 0 when
 * the server returns only one.
 */
function marginOf(logProbabilities: readonly number[] | null | undefined): number {
  const [first = 0, second = first] = (logProbabilities ?? []).toSorted((one, other) => other - one);
  return first - second;
}

interface StreamedRequest extends Pick<GenerationRequest, "stop"> {
  readonly onText: NonNullable<GenerationOptions["onText"]>;
}

async function streamed(
  { server, meter }: Endpoint,
  question: Question,
  start: StartRemover,
  { stop = [], onText }: StreamedRequest,
): Promise<Generation> {
  const { id } = question;
  let usage: ReportedUsage | null | undefined;
  let ending: Ending = { finish_reason: "" };
  let given = 0;
  const give = (): void => {
    const text = beforeStop(start.text(), stop).slice(given);
    given += text.length;
    if (text !== "") onText({ id, text });
  };
  await server.stream(question, streamPiece, {
    onPiece(piece) {
      usage = piece.usage ?? usage;
      const [choice] = piece.choices;
      start.add(choice?.delta?.content ?? choice?.text ?? "");
      give();
      if (choice?.finish_reason) ending = { finish_reason: choice.finish_reason, stop_reason: choice.stop_reason };
    },
    isComplete: () => ending.finish_reason !== "",
  });
  const text = start.end();
  give();
  meter.add(usage);
  return generation(id, text, ending, usage);
}

function generation(id: string, text: string, ending: Ending, usage: ReportedUsage | null | undefined): Generation {
  const { prompt_tokens: promptLength = NaN, completion_tokens: newTokens, prompt_tokens_details: kinds } = usage ?? {};
  return {
    id,
    text,
    finish: finishOf(ending),
    promptLength,
    computedPositions: promptLength - (kinds?.cached_tokens ?? 0),
    ...(typeof newTokens === "number" && { newTokens }),
  };
}

/** Returns why an answer ended. Only vLLM distinguishes a stop string from the end of the sequence. */
function finishOf({ finish_reason: finish, stop_reason: reason }: Ending): Generation["finish"] {
  if (finish === "length") return "length";
  return reason === null || reason === undefined ? "end-of-sequence" : "stop";
}
