import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type ChatMessage, chatRequest, type GenerationRequest } from "@mlan/core";
import { writeTinyLlava } from "@mlan/testing";
import sharp from "sharp";
import { afterAll } from "vitest";
import { makeTalk, tinySource } from "../../serve/test/talking-llava.ts";

export interface TalkingModel {
  /** A checkpoint that was tuned on conversations with the template v1. */
  readonly checkpoint: string;
  /** A plain backbone. */
  readonly backbone: string;
  readonly tower: string;
  /** A picture of one color. */
  picture(color: string): Promise<string>;
  /** Returns the model's answer, by default the greedy one. */
  answer(messages: readonly ChatMessage[], changes: Partial<GenerationRequest>): Promise<string>;
}

/** Creates a tiny LLaVA whose answers depend on the question, in a folder that is removed when the test file ends. */
export async function talkingModel(): Promise<TalkingModel> {
  const folder = await mkdtemp(join(tmpdir(), "mlan-talk-"));
  const url = pathToFileURL(`${folder}/`);
  const { backbone, tower } = await writeTinyLlava(url);
  const fresh = await tinySource(backbone, tower).open({ seed: 3 });
  makeTalk(fresh);
  const checkpoint = new URL("checkpoint/", url);
  await fresh.save(checkpoint);
  fresh.dispose();
  const model = await tinySource(checkpoint).open();
  afterAll(async () => {
    model.dispose();
    await rm(folder, { recursive: true });
  });
  return {
    checkpoint: fileURLToPath(checkpoint),
    backbone: fileURLToPath(backbone),
    tower: fileURLToPath(tower),
    async picture(color) {
      const file = join(folder, `${color}.png`);
      const image = sharp({ create: { width: 12, height: 9, channels: 3, background: color } });
      await writeFile(file, await image.png().toBuffer());
      return file;
    },
    async answer(messages, changes) {
      const request = { id: "direct", maximumNewTokens: 8, ...chatRequest(messages), ...changes };
      for await (const { text } of model.generate([request])) return text;
      throw new Error("no answer");
    },
  };
}
