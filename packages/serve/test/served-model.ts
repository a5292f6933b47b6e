import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TrainableModel } from "@mlan/core";
import { writeTinyLlava } from "@mlan/testing";
import { type ModelServer, serve, type ServeOptions } from "@mlan/serve";
import OpenAI from "openai";
import sharp from "sharp";
import { afterAll } from "vitest";
import { makeTalk, tinySource } from "./talking-llava.ts";

/** A tiny LLaVA with template v1, whose answers depend on the prompt. */
export async function tinyModel(): Promise<TrainableModel> {
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-serve-"))}/`);
  const { backbone, tower } = await writeTinyLlava(folder);
  const model = await tinySource(backbone, tower).open({ seed: 3 });
  makeTalk(model);
  afterAll(async () => {
    model.dispose();
    await rm(folder, { recursive: true });
  });
  return model;
}

export interface Served {
  readonly server: ModelServer;
  readonly client: OpenAI;
}

/** Starts a server on a free port, which is closed when the test file ends. Returns it with a client. */
export async function served(model: Parameters<typeof serve>[0], options: ServeOptions = {}): Promise<Served> {
  const server = await serve(model, { port: 0, ...options });
  afterAll(() => server.close());
  return { server, client: new OpenAI({ baseURL: server.url, apiKey: options.apiKey ?? "none", maxRetries: 0 }) };
}

/** A picture of one color as a data URL. */
export async function picture(background: string): Promise<string> {
  const png = await sharp({ create: { width: 12, height: 9, channels: 3, background } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: unknown;
  };
}

/** Posts a chat to a server, and returns the status with the error of the response. */
export async function postChat(url: string, body: unknown, headers: Record<string, string> = {}): Promise<ErrorAnswer> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const { error } = (await response.json()) as ErrorAnswer;
  return { status: response.status, error };
}
