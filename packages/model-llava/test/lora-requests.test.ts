import { cp } from "node:fs/promises";
import type { GenerationRequest } from "@mlan/core";
import type { LlavaModel } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { LORA, loraReference, loraSource, lossOf, trainAdapter } from "./lora-fixture.ts";
import { scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const trained = new URL("trained/", LORA);
const OPTIONS = { rank: 2, alpha: 8, dropout: 0, rankStabilized: false, targets: ["v_proj", "down_proj"] } as const;
const { base, expected } = await loraReference(scratch);
const other = scratch.fresh();
beforeAll(async () => {
  const model = await loraSource({ weights: base }).open();
  model.adapt?.(OPTIONS, { seed: 4 });
  changeAdapter(model);
  await model.save(other, { trainedOnly: true });
  model.dispose();
});

/** Sets B to values that are not zero, so that the adapter changes answers. */
function changeAdapter(model: LlavaModel): void {
  const learning = model.learn(["adapter"]);
  for (const { name, variable } of learning.parameters)
    if (name.includes("lora_B")) tf.tidy(() => variable.assign(tf.randomUniform(variable.shape, -1, 1, "float32", 5)));
  learning.end();
}

function requestsOf(adapter?: string): readonly GenerationRequest[] {
  return ["abc", "hello there", "x"].map((text, index) => ({
    id: `${adapter ?? "none"}-${index}`,
    prompt: { kind: "raw", text, beginOfSequence: true },
    images: [],
    maximumNewTokens: 20,
    ...(adapter !== undefined && { adapter }),
  }));
}

async function answersOf(
  model: LlavaModel,
  requests: readonly GenerationRequest[],
): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  // Several batches, so that concurrent calls alternate.
  for await (const { id, text } of model.generate(requests, { batchSize: 1 })) answers.set(id, text);
  return answers;
}

const textsOf = (answers: ReadonlyMap<string, string>): readonly string[] =>
  [...answers].toSorted(([one], [two]) => (one < two ? -1 : 1)).map(([, text]) => text);

describe("two adapters on one open base", () => {
  it("answer as each alone, in one call and in calls side by side, and so does the base without any", async () => {
    const model = await loraSource({ weights: base, adapters: { first: trained, second: other } }).open();
    expect(model.adapters).toEqual(["first", "second"]);
    const alone: (readonly string[])[] = [];
    for (const adapter of [undefined, trained, other]) {
      const one = await loraSource({ weights: base, adapter }).open();
      alone.push(textsOf(await answersOf(one, requestsOf())));
      one.dispose();
    }
    expect(new Set(alone.map((texts) => texts.join())).size).toBe(3);
    const names = [undefined, "first", "second"];
    const together = await answersOf(model, names.flatMap(requestsOf).toReversed());
    for (const [index, name] of names.entries()) {
      const own = new Map([...together].filter(([id]) => id.startsWith(name ?? "none")));
      expect(textsOf(own), name).toEqual(alone[index]);
    }
    const sideBySide = await Promise.all(names.map((name) => answersOf(model, requestsOf(name))));
    expect(sideBySide.map(textsOf)).toEqual(alone);
    model.dispose();
  });

  it("neither learn, nor are saved, nor change the loss of the model's own", async () => {
    const model = await loraSource({ weights: base, adapters: { first: trained } }).open();
    const before = await lossOf(model, expected.conversations);
    await answersOf(model, requestsOf("first"));
    expect(await lossOf(model, expected.conversations)).toBe(before);
    expect(model.parameters().some(({ component }) => component === "adapter")).toBe(false);
    model.adapt?.(OPTIONS, { seed: 4 });
    await answersOf(model, requestsOf("first"));
    const losses = await trainAdapter(model, expected.conversations, { steps: 3, learningRate: 1e-2 });
    expect(losses[0]).toBeCloseTo(before, 6);
    expect(losses[2]).toBeLessThan(losses[0] ?? NaN);
    model.dispose();
  });

  it("are named where a request asks for another, or one changes more than linear maps", async () => {
    const source = loraSource({ weights: base, adapters: { first: trained, second: other } });
    const model = await source.open();
    await expect(answersOf(model, requestsOf("third"))).rejects.toThrow(
      'the model has no adapter "third". It has "first", "second".',
    );
    model.dispose();
    const seeing = await tinySource(scratch.backbone, scratch.tower).open({ seed: 1 });
    seeing.adapt?.(OPTIONS, { seed: 1 });
    const whole = scratch.fresh();
    await seeing.save(whole, { trainedOnly: true });
    seeing.dispose();
    const refused = loraSource({ weights: base, adapters: { whole } });
    for (const attempt of [() => refused.open(), () => refused.inspect()])
      await expect(attempt()).rejects.toThrow(
        /replaces "model\.mm_projector\.0\.weight", so it cannot be one of several on the same weights\. Open it alone/,
      );
  });

  it("are part of what a run compares", async () => {
    const adapter = scratch.fresh();
    await cp(trained, adapter, { recursive: true });
    const digest = async (): Promise<string> =>
      (await loraSource({ weights: base, adapters: { first: adapter } }).inspect()).content.digest();
    const before = await digest();
    expect(await digest()).toBe(before);
    await cp(new URL("start/adapter_model.safetensors", LORA), new URL("adapter_model.safetensors", adapter));
    expect(await digest()).not.toBe(before);
  });
});
