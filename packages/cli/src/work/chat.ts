import { createInterface, type Interface } from "node:readline";
import { chatRequest, type GenerationRequest, type Model, streamAnswer } from "@mlan/core";
import { errorText } from "../project/error-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { carryOut, type Conversation, imageFile } from "./chat-commands.ts";
import { type ModelRequest, openModel } from "./open-model.ts";

export interface ChatRequest extends ModelRequest {
  /** Image files to send with the first message. */
  readonly image?: readonly string[];
  readonly system?: string;
  readonly maxTokens?: number;
  /** 0 means greedy decoding. */
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly repetitionPenalty?: number;
}

const INTERRUPTED = 130;

/** Answers each line of standard input. Returns the exit status: 1 if a line could not be answered. */
export async function chat(request: ChatRequest, terminal: Terminal): Promise<number> {
  const images = await Promise.all((request.image ?? []).map(imageFile));
  const model = await openModel(request, terminal);
  const isWatched = process.stdin.isTTY && terminal.interactive;
  const lines = createInterface({
    input: process.stdin,
    ...(isWatched && { output: process.stderr }),
    terminal: isWatched,
  });
  lines.setPrompt("> ");
  let answering: AbortController | undefined;
  let status = 0;
  const interrupt = (): void => {
    if (answering) return answering.abort();
    status = INTERRUPTED;
    lines.close();
  };
  // On a terminal, readline receives Ctrl-C as a key and not as a signal.
  lines.on("SIGINT", interrupt);
  process.on("SIGINT", interrupt);
  let conversation: Conversation = { system: request.system, messages: [], images };
  if (isWatched) terminal.note(terminal.paint.dim("/help lists the commands."));
  try {
    for await (const line of prompted(lines, isWatched)) {
      if (line.trim() === "") continue;
      try {
        if (line.startsWith("/")) {
          const done = await carryOut(line, conversation);
          conversation = done.conversation;
          for (const note of done.notes) terminal.note(terminal.paint.dim(note));
          continue;
        }
        answering = new AbortController();
        conversation = await answerLine(line, conversation, { model, request, signal: answering.signal }, terminal);
      } catch (error) {
        status = 1;
        terminal.note(`${terminal.paint.red("error:")} ${errorText(error, false)}`);
        // An image that cannot be decoded would make every later message fail.
        if (answering && conversation.images.length > 0) {
          conversation = { ...conversation, images: [] };
          terminal.note(terminal.paint.dim("The images of this message were dropped. Send them again with /image."));
        }
      } finally {
        answering = undefined;
      }
    }
  } finally {
    process.off("SIGINT", interrupt);
    lines.close();
    model.dispose();
  }
  return status;
}

/** Yields lines of input. A line typed during an answer is yielded after the answer. */
async function* prompted(lines: Interface, isWatched: boolean): AsyncGenerator<string, void, undefined> {
  if (isWatched) lines.prompt();
  for await (const line of lines) {
    yield line;
    if (isWatched) lines.prompt();
  }
}

interface Answering {
  readonly model: Model;
  readonly request: ChatRequest;
  readonly signal: AbortSignal;
}

/**
 * Prints the answer as it is generated, and returns the conversation with the answer. Keeps the text of an answer that
 * was stopped.
 */
async function answerLine(
  text: string,
  { system, messages, images }: Conversation,
  { model, request, signal }: Answering,
  terminal: Terminal,
): Promise<Conversation> {
  const asked = [...messages, { role: "user", text, images } as const];
  const before = system === undefined ? [] : [{ role: "system", text: system } as const];
  let answer = "";
  try {
    for await (const piece of streamAnswer(model, requestOf([...before, ...asked], request, model, signal))) {
      answer += piece.text;
      terminal.write(piece.text);
    }
  } catch (error) {
    if (answer !== "") terminal.print("");
    throw error;
  }
  terminal.print("");
  if (signal.aborted) terminal.note(terminal.paint.dim("stopped"));
  // Turns must alternate, so a turn without an answer is dropped.
  const said = answer === "" ? messages : [...asked, { role: "assistant", text: answer } as const];
  return { system, messages: said, images: [] };
}

function requestOf(
  messages: Parameters<typeof chatRequest>[0],
  { temperature, topK, topP, minP, seed, repetitionPenalty, maxTokens }: ChatRequest,
  { maximumPositions = Infinity }: Model,
  signal: AbortSignal,
): GenerationRequest {
  const sampling = {
    temperature,
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    ...(minP !== undefined && { minP }),
    ...(seed !== undefined && { seed }),
  };
  return {
    id: "chat",
    ...chatRequest(messages),
    maximumNewTokens: maxTokens ?? Math.min(512, Math.floor(maximumPositions / 4)),
    sampling,
    ...(repetitionPenalty !== undefined && { repetitionPenalty }),
    signal,
  };
}
