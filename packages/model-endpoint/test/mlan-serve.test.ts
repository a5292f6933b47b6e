import "@tensorflow/tfjs-backend-cpu";
import { createScope, type GenerationRequest, MODEL } from "@mlan/core";
import { endpoint } from "@mlan/model-endpoint";
import { serve } from "@mlan/serve";
import { fakeModelSource } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, onTestFinished, test } from "vitest";
import { picture } from "./asking.ts";

test("a model that mlan serves gives the same answers behind its server", async () => {
  await tf.setBackend("cpu");
  const served = await fakeModelSource({
    answer: ({ prompt, images }) => JSON.stringify([prompt, images.length]),
  }).open();
  const server = await serve(served, { name: "fake", port: 0, apiKey: "s3cret-key", maximumTokens: 512 });
  onTestFinished(async () => {
    await server.close();
    served.dispose();
  });
  const plugin = endpoint({ baseURL: String(server.url), model: "fake", apiKey: "s3cret-key" });
  const model = await createScope([plugin]).get(MODEL).open();
  const requests = Array.from({ length: 12 }, (_, index): GenerationRequest => ({
    id: `${index}`,
    prompt: model.wording.ask({ user: `Question ${index}?`, answerStart: "", images: index % 3 }),
    images: Array.from({ length: index % 3 }, (__, place) => picture(`${place}.png`)),
    maximumNewTokens: 512,
  }));
  let answered = 0;
  for await (const { id, text } of model.generate(requests)) {
    const [prompt, images] = JSON.parse(text);
    expect(prompt.user).toContain(`Question ${id}?`);
    expect(images).toBe(Number(id) % 3);
    answered++;
  }
  expect(answered).toBe(12);
});
