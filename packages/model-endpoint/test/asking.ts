import {
  createScope,
  type Generation,
  type GenerationRequest,
  type ImageReference,
  MODEL,
  type Model,
} from "@mlan/core";
import { endpoint, type EndpointOptions } from "@mlan/model-endpoint";
import { expect } from "vitest";
import type { LanguageServer } from "./language-server.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC",
  "base64",
);
export const picture = (name: string, bytes: Uint8Array = PNG): ImageReference => ({
  name,
  read: () => Promise.resolve(bytes),
});
export const URL_OF_PNG = `data:image/png;base64,${PNG.toString("base64")}`;

export async function open(server: LanguageServer, options: Partial<EndpointOptions> = {}): Promise<Model> {
  const plugin = endpoint({ baseURL: server.baseURL, model: "llava", ...options });
  return createScope([plugin]).get(MODEL).open();
}

export function chat(
  id: string,
  user: string,
  { images = [], answerStart = "" }: { images?: readonly ImageReference[]; answerStart?: string } = {},
): GenerationRequest {
  return { id, prompt: { kind: "chat", user, answerStart }, images, maximumNewTokens: 8 };
}

export async function only(model: Model, request: GenerationRequest): Promise<Generation> {
  for await (const answer of model.generate([request])) return answer;
  throw new Error("no answer");
}

export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "MlanError" });
  return error instanceof Error ? error : new Error("not an error");
}
