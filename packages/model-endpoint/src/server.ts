import { setTimeout as wait } from "node:timers/promises";
import { MlanError } from "@mlan/core";
import OpenAI, { APIConnectionTimeoutError } from "openai";
import type { z } from "zod";
import type { CheckedOptions } from "./endpoint-options.ts";
import { describeFailure, hasReplied, MalformedReply, pauseOf, retriesOf } from "./failures.ts";
import type { UsageMeter } from "./usage.ts";

export type Body = Readonly<Record<string, unknown>>;

export interface Question {
  /** The request's id, for errors. */
  readonly id: string;
  readonly path: "/chat/completions" | "/completions";
  readonly body: Body;
  readonly signal: AbortSignal;
}

export interface StreamReader<Piece> {
  onPiece(piece: Piece): void;
  isComplete(): boolean;
}

const FIRST_DELAY_SECONDS = 0.5;
const LONGEST_DELAY_SECONDS = 30;

/**
 * Sends requests, and repeats them after temporary failures: too many requests (429), server errors, broken
 * connections, timeouts, and malformed replies. When the server requests a pause, all requests wait.
 */
export class Server {
  readonly #options: CheckedOptions;
  readonly #client: OpenAI;
  readonly #meter: UsageMeter;
  /** The time at which the pause ends, in units of `performance.now()`. */
  #pausedUntil = 0;
  /** Whether the server has ever replied, even with an error. */
  #replied = false;

  constructor(options: CheckedOptions, meter: UsageMeter) {
    this.#options = options;
    this.#meter = meter;
    this.#client = new OpenAI({
      baseURL: options.baseURL,
      // Without a key, the client would read key, organization and project from the environment and send them to any
      // server.
      apiKey: options.apiKey ?? "none",
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: options.timeoutSeconds * 1000,
      logLevel: "off",
    });
  }

  /** Returns the whole reply. Throws `unavailable`, `invalid-options`, or the signal's reason. */
  async ask<Reply>(question: Question, schema: z.ZodType<Reply>): Promise<Reply> {
    const { path, body } = question;
    return this.#repeat(question, async (signal) => {
      const reply: unknown = await this.#client.post(path, { body: this.#complete(body), signal });
      return parsed(schema, reply);
    });
  }

  /**
   * Calls `onPiece` for each piece of a streamed reply. Throws if the reply ends early. A request that fails after its
   * first piece is not repeated.
   */
  async stream<Piece>(
    question: Question,
    schema: z.ZodType<Piece>,
    { onPiece, isComplete }: StreamReader<Piece>,
  ): Promise<void> {
    const { path, body } = question;
    const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
    let begun = false;
    await this.#repeat(
      question,
      async (signal) => {
        const pieces = await this.#client.post<AsyncIterable<unknown>>(path, {
          body: this.#complete(streamed),
          signal,
          stream: true,
        });
        for await (const piece of pieces) {
          const known = parsed(schema, piece);
          begun = true;
          onPiece(known);
        }
        if (!isComplete()) throw new MalformedReply("its stream ended before the answer did");
      },
      () => begun,
    );
  }

  async #repeat<Result>(
    question: Question,
    send: (signal: AbortSignal) => Promise<Result>,
    isFinal: () => boolean = () => false,
  ): Promise<Result> {
    const { retries, maximumPauseSeconds, timeoutSeconds } = this.#options;
    const { id, signal } = question;
    for (let attempt = 0; ; attempt++) {
      await this.#pause(signal);
      // The client's timeout covers only the time until the headers of a reply.
      const late = AbortSignal.timeout(timeoutSeconds * 1000);
      try {
        const result = await send(AbortSignal.any([signal, late]));
        this.#replied = true;
        return result;
      } catch (thrown) {
        signal.throwIfAborted();
        const error = late.aborted ? new APIConnectionTimeoutError() : thrown;
        this.#replied ||= hasReplied(error);
        const failure = describeFailure(error, { ...this.#options, id, attempts: attempt + 1 });
        const pause = pauseOf(error);
        const repeats = this.#replied ? retriesOf(error, retries) : Math.min(1, retries);
        if (attempt >= repeats || isFinal()) throw failure;
        if (pause !== undefined && pause > maximumPauseSeconds) {
          const asked = `it requests a pause of ${Math.ceil(pause)} s, and maximumPauseSeconds is ${maximumPauseSeconds}`;
          throw new MlanError("unavailable", `${failure.message} Besides, ${asked}.`);
        }
        this.#meter.repeat();
        if (pause !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + pause * 1000);
        // A pause is a minimum: a server that requests a second each time may need a minute to load its model.
        await wait(delayOf(attempt) * 1000, undefined, { signal });
      }
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const left = this.#pausedUntil - performance.now();
      if (left <= 0) return;
      await wait(left, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** Adds the user's fields to the body. null removes a field. */
  #complete(body: Body): Body {
    const { model, body: own = {} } = this.#options;
    return Object.fromEntries(Object.entries({ model, ...body, ...own }).filter(([, value]) => value !== null));
  }
}

function parsed<Reply>(schema: z.ZodType<Reply>, reply: unknown): Reply {
  const { data, success, error } = schema.safeParse(reply);
  if (success) return data;
  const [issue] = error.issues;
  throw new MalformedReply(issue ? `${issue.path.join(".") || "its body"}: ${issue.message}` : "");
}

/**
 * Returns the delay in seconds, which doubles each time. A random part prevents requests that failed together from
 * being repeated together.
 */
function delayOf(attempt: number): number {
  return Math.min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** attempt) * (0.75 + Math.random() / 4);
}
