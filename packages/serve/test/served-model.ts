import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, textWording, type TrainableModel } from "@mlan/core";
import { createLlavaSource, llama } from "@mlan/model-llava";
import { changeWeights, writeTinyLlava } from "@mlan/testing";
import { type ModelServer, serve, type ServeOptions } from "@mlan/serve";
import * as tf from "@tensorflow/tfjs-core";
import OpenAI from "openai";
import sharp from "sharp";
import { afterAll } from "vitest";

/** A tiny LLaVA with template v1, whose answers depend on the prompt. */
export async function tinyModel(): Promise<TrainableModel> {
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-serve-"))}/`);
  const { backbone, tower } = await writeTinyLlava(folder);
  const source = createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute: createScope([onnx()]).get(COMPUTE),
    weights: backbone,
    visionTower: tower,
    untunedWording: textWording("tiny", "", ""),
  });
  const model = await source.open({ seed: 3 });
  model.setFormat({ ...model.format, template: "v1" });
  changeWeights(model, ({ component, variable }) =>
    component !== "vision" && variable.rank === 2 ? tf.mul(variable, 8) : undefined,
  );
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

/** A server at a free port, closed when the test file ends, and a client of it. */
export async function served(model: Parameters<typeof serve>[0], options: ServeOptions = {}): Promise<Served> {
  const server = await serve(model, { port: 0, ...options });
  afterAll(() => server.close());
  return { server, client: new OpenAI({ baseURL: server.url, apiKey: options.apiKey ?? "none", maxRetries: 0 }) };
}

/** A picture of one colour as a data URL. */
export async function picture(background: string): Promise<string> {
  const png = await sharp({ create: { width: 12, height: 9, channels: 3, background } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}
