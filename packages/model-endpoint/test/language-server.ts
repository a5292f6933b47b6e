import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

/** A parsed JSON value of any type. */
type Json = ReturnType<typeof JSON.parse>;

interface AskedRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Json;
}

export interface LanguageServer {
  readonly baseURL: string;
  /** All requests, including failed ones. */
  readonly asked: AskedRequest[];
  /** The largest number of requests that were answered at the same time. */
  readonly most: number;
  /** Simulates failures. Returns true for a request that it has answered itself. */
  intercept: (request: AskedRequest, response: ServerResponse) => boolean;
  /** Returns the answer to the text of a prompt. Default: letters that depend on the whole text. */
  answer: (prompt: string, body: Json) => string;
  /** Called before an answer is sent. */
  before: () => Promise<void>;
  /** Changes a reply before it is sent. */
  change: (reply: Json) => Json;
}

/**
 * Starts a server with the API of OpenAI and vLLM. Its language model has a token for each character, and draws no
 * random numbers: the probability of a character depends on the one before it.
 */
export async function languageServer({
  whenFinished = onTestFinished,
}: {
  readonly whenFinished?: (close: () => void) => void;
} = {}): Promise<LanguageServer> {
  let [current, most] = [0, 0];
  const state: LanguageServer & { most: number } = {
    baseURL: "",
    asked: [],
    most: 0,
    intercept: () => false,
    answer: letters,
    before: () => Promise.resolve(),
    change: (reply) => reply,
  };
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const asked = { path: request.url ?? "", authorization: request.headers.authorization, body };
    state.asked.push(asked);
    if (state.intercept(asked, response)) return;
    most = Math.max(most, ++current);
    state.most = most;
    try {
      await state.before();
      reply(state, asked, response);
    } finally {
      current--;
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  whenFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const place = server.address();
  return Object.assign(state, {
    baseURL: `http://127.0.0.1:${typeof place === "object" && place ? place.port : 0}/v1`,
  });
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

/** Sends a JSON reply. */
export function send(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): true {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
  return true;
}

function reply({ answer, change }: LanguageServer, { path, body }: AskedRequest, response: ServerResponse): void {
  const isChat = path === "/v1/chat/completions";
  if (!isChat && path !== "/v1/completions") return void send(response, 404, { error: { message: "no such address" } });
  const prompt: string = isChat ? rendered(body["messages"]) : body["prompt"];
  const whole = answer(prompt, body);
  const most: number = body["max_tokens"] ?? body["max_completion_tokens"];
  const text = whole.slice(0, most);
  const finish = { finish_reason: whole.length > most ? "length" : "stop" };
  const usage = { prompt_tokens: prompt.length, completion_tokens: text.length, prompt_tokens_details: null };
  if (body["stream"])
    return stream(response, text, (piece) => (isChat ? { delta: { content: piece } } : { text: piece }), finish, usage);
  const choice = isChat
    ? {
        message: { role: "assistant", content: text },
        ...(body["logprobs"] && {
          logprobs: {
            content: [...text].map(() => ({
              token: "",
              logprob: -0.25,
              top_logprobs: [{ logprob: -0.25 }, { logprob: -1.5 }],
            })),
          },
        }),
      }
    : completion(prompt, text, body);
  const known = body["prompt_logprobs"] === undefined ? {} : { prompt_logprobs: promptLogProbabilities(prompt) };
  send(response, 200, change({ choices: [{ index: 0, ...choice, ...finish }], usage, ...known }));
}

function completion(prompt: string, text: string, body: Json): Json {
  if (!body["logprobs"]) return { text };
  const all = body["echo"] ? prompt + text : text;
  const logprobs = {
    tokens: [...all],
    token_logprobs: [...all].map((_, index) => (index === 0 && body["echo"] ? null : logProbability(all, index))),
    top_logprobs: [...all].map(() => ({ a: -0.25, b: -1 })),
    text_offset: [...all].map((_, index) => index),
  };
  return { text: all, logprobs };
}

function stream(
  response: ServerResponse,
  text: string,
  choiceOf: (piece: string) => Json,
  finish: Json,
  usage: Json,
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const event = (value: unknown): void => void response.write(`data: ${JSON.stringify(value)}\n\n`);
  for (const piece of text.match(/.{1,3}/gs) ?? []) event({ choices: [{ ...choiceOf(piece), finish_reason: null }] });
  event({ choices: [{ ...choiceOf(""), ...finish }] });
  event({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}

/** Returns the text of a chat. An image becomes [image]. */
function rendered(messages: readonly Json[]): string {
  const texts = messages.map(({ role, content }) => {
    const parts: readonly Json[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    return `${role}: ${parts.map((part) => (part["type"] === "text" ? part["text"] : "[image]")).join("")}`;
  });
  return messages.at(-1)?.["role"] === "assistant" ? texts.join("\n") : `${texts.join("\n")}\nassistant: `;
}

function letters(prompt: string): string {
  let state = 7;
  for (const character of prompt) state = (state * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return Array.from({ length: 40 }, (_, index) => String.fromCharCode(97 + ((state >> (index % 8)) % 26))).join("");
}

/** Returns the log-probability of the character at an index, given the character before it. */
export function logProbability(text: string, index: number): number {
  const code = (at: number): number => text.codePointAt(at) ?? 0;
  return -((code(index) * 7 + code(index - 1) * 3) % 50) / 10 - 0.1;
}

function promptLogProbabilities(prompt: string): unknown {
  return [...prompt].map((character, index) =>
    index === 0 ? null : { [character.codePointAt(0) ?? 0]: { logprob: logProbability(prompt, index), rank: 1 } },
  );
}
