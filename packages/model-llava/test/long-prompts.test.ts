import { disposePromptTensors, promptTensors } from "#internal/batch/prompt-tensors.ts";
import { disposeCache } from "#internal/network/answer-cache.ts";
import { disposeChoice } from "#internal/network/choice.ts";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { expectClose } from "./expect-close.ts";
import { openAnswerFunctions } from "./opened-models.ts";
import { compute, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();
await compute.open();

describe("a long prompt lets others in while it is read", async () => {
  const functions = await openAnswerFunctions(scratch.backbone);

  it.each([
    [100, 0],
    // Each of its two layers is a part.
    [400, 1],
  ])("of %i positions: %i times, with the same results", async (length, times) => {
    const symbols = Int32Array.from({ length }, (_, index) => 3 + ((index * 7) % 300));
    const prompts = promptTensors([{ symbols, start: 0 }], { rows: 1, length, patches: 0 });
    const wanted = tf.tensor1d([length - 1], "int32");
    const pass = { prompts, wanted, table: 512 };
    const begun = async (pause?: () => Promise<void>): Promise<readonly (readonly number[])[]> => {
      const { layers, choice } = await functions.begin(pass, { margins: false, logits: true }, pause);
      const read = await functions.read(pass, pause);
      expect(layers).toHaveLength(2);
      const tensors = [...layers, ...read].flatMap(({ key, value }) => [key, value]);
      const values = await Promise.all(
        [choice.logits, ...tensors].map(async (tensor) => [...((await tensor?.data()) ?? [])]),
      );
      disposeChoice(choice);
      disposeCache(layers);
      disposeCache(read);
      return values;
    };
    const whole = await begun();
    const { numTensors } = tf.memory();
    let pauses = 0;
    const inParts = await begun(async () => void pauses++);
    // Twice: once to begin answers, once to read a prefix.
    expect(pauses).toBe(2 * times);
    for (const [index, values] of inParts.entries()) {
      expect(values.length).toBeGreaterThan(0);
      expectClose(values, whole[index] ?? [], 5);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    wanted.dispose();
    disposePromptTensors(prompts);
  });

  it("and can be ended meanwhile, without a tensor left", async () => {
    const model = await tinySource(scratch.backbone).open();
    const request = {
      id: "long",
      prompt: { kind: "raw" as const, text: "a".repeat(420), beginOfSequence: true },
      images: [],
      maximumNewTokens: 8,
    };
    const answers = async (signal?: AbortSignal): Promise<readonly string[]> => {
      const texts: string[] = [];
      const options = { onText: () => {}, ...(signal && { signal }) };
      for await (const { text } of model.generate([request], options)) texts.push(text);
      return texts;
    };
    const first = await answers();
    const { numTensors } = tf.memory();
    const ending = new AbortController();
    const ended = answers(ending.signal);
    setImmediate(() => ending.abort(new Error("ended")));
    await expect(ended).rejects.toThrow("ended");
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(await answers()).toEqual(first);
    model.dispose();
  });
});
