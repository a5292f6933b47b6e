import type { Model } from "@mlan/core";
import { serve } from "@mlan/serve";
import { temporaryFolder, writeTinyLlava } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Served } from "./served-model.ts";
import { served } from "./served-model.ts";
import { makeTalk, tinySource } from "./talking-llava.ts";

const scratch = temporaryFolder();
let model: Model;
let both: Served;

beforeAll(async () => {
  const { backbone } = await writeTinyLlava(scratch);
  const [talking, adapter] = [new URL("talking/", scratch), new URL("adapter/", scratch)];
  const plain = await tinySource(backbone).open();
  makeTalk(plain);
  await plain.save(talking);
  plain.dispose();
  const adapted = await tinySource(talking).open();
  adapted.adapt?.({ rank: 2, alpha: 16, dropout: 0, rankStabilized: false }, { seed: 1 });
  const learning = adapted.learn(["adapter"]);
  for (const { variable } of learning.parameters)
    tf.tidy(() => variable.assign(tf.randomUniform(variable.shape, -1, 1, "float32", 3)));
  learning.end();
  await adapted.save(adapter, { trainedOnly: true });
  adapted.dispose();
  model = await tinySource(talking, undefined, { tuned: adapter }).open();
  both = await served(model, { name: "plain" });
});

async function textOf(model: string): Promise<string | null | undefined> {
  const request = {
    model,
    messages: [{ role: "user" as const, content: "is it so?" }],
    temperature: 0,
    max_tokens: 12,
  };
  const { choices, model: answered } = await both.client.chat.completions.create(request);
  expect(answered).toBe(model);
  return choices[0]?.message.content;
}

describe("a model with an adapter that clients choose by name", () => {
  it("is listed with it", async () => {
    const { data } = await both.client.models.list();
    expect(data.map(({ id }) => id)).toEqual(["plain", "tuned"]);
    expect(await both.client.models.retrieve("tuned")).toMatchObject({ id: "tuned", owned_by: "mlan" });
  });

  it("answers by the one that a request names, also side by side", async () => {
    const [plain, tuned] = [await textOf("plain"), await textOf("tuned")];
    expect(tuned).not.toBe(plain);
    expect(await Promise.all(["tuned", "plain", "tuned"].map(textOf))).toEqual([tuned, plain, tuned]);
  });

  it("is refused where the adapter has the model's name", async () => {
    await expect(serve(model, { name: "tuned", port: 0 })).rejects.toThrow(
      'serve: the model and one of its adapters are both named "tuned"',
    );
  });

  it("names both where a request names another", async () => {
    await expect(textOf("third")).rejects.toThrow(/there is no model "third"; this server has "plain", "tuned"/);
  });
});
