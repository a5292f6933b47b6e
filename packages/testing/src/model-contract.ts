import * as tf from "@tensorflow/tfjs-core";
import { type GenerationRequest, IMAGE_PLACEHOLDER, type Model, type ModelSource, streamAnswer } from "@mlan/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answersOf } from "./answers-of.ts";

export interface ModelContractOptions {
  /** Called before the tests, e.g. `() => useOnnxBackend()`. */
  readonly useBackend: () => Promise<void>;
  /** The model's template for conversations. Default "v1". */
  readonly template?: string;
}

/** Declares the contract tests of models that answer and score. */
export function describeModelContract(source: ModelSource, { useBackend }: ModelContractOptions): void {
  describe(`${source.name} keeps the model contract`, () => {
    let model: Model;
    beforeAll(async () => {
      await useBackend();
      model = await source.open({ seed: 1 });
    });
    afterAll(() => model.dispose());

    const requests: readonly GenerationRequest[] = ["a", "a longer prompt", "b c d e f"].map((text, index) => ({
      id: `request-${index}`,
      prompt: { kind: "raw", text, beginOfSequence: true },
      images: [],
      maximumNewTokens: 4,
    }));

    it("speaks spec version 1", () => {
      expect(source.specVersion).toBe(1);
      expect(model.specVersion).toBe(1);
      expect(model.fingerprint).not.toBe("");
    });

    it("brings its wording: a name, and prompts with a placeholder for each image", () => {
      const { name, ask } = model.wording;
      expect(name).not.toBe("");
      for (const images of [0, 1, 2]) {
        const asked = { user: "Which is it?", answerStart: "It is ", images };
        const prompt = ask(asked);
        expect(ask(asked)).toEqual(prompt);
        const text = prompt.kind === "raw" ? prompt.text : prompt.user;
        expect(text).toContain(asked.user);
        expect(prompt.kind === "raw" ? prompt.text : prompt.answerStart).toMatch(/It is $/);
        expect(text.split(IMAGE_PLACEHOLDER)).toHaveLength(images + 1);
      }
    });

    it("has the same wording before it is loaded", async () => {
      const { wording } = (await source.inspect?.()) ?? {};
      if (wording) expect(wording().name).toBe(model.wording.name);
    });

    it("answers every request once, the same each time", async () => {
      const answers = await answersOf(model, requests);
      expect([...answers.keys()].toSorted()).toEqual(requests.map(({ id }) => id).toSorted());
      expect(await answersOf(model, requests)).toEqual(answers);
    });

    it("returns the same answer whatever else is in the batch", async () => {
      const together = await answersOf(model, requests);
      for (const request of requests) {
        expect((await answersOf(model, [request])).get(request.id)).toEqual(together.get(request.id));
      }
    });

    it("returns the same answers and scores whether common beginnings are computed once or separately", async () => {
      const start = "one two three four five six seven ".repeat(3);
      const asked = ["eight", "nine, ten", "", "nine, ten"].map((end, index): GenerationRequest => ({
        id: `shared-${index}`,
        prompt: { kind: "raw", text: `${start}${end}`, beginOfSequence: true },
        images: [],
        maximumNewTokens: 4,
      }));
      const [shared, apart] = await Promise.all(
        [true, false].map((sharePrefixes) => answersOf(model, asked, { sharePrefixes })),
      );
      for (const { id } of asked) expect(shared?.get(id)?.text).toBe(apart?.get(id)?.text);
      const costs = [...(apart?.values() ?? [])];
      expect(costs.map(({ computedPositions }) => computedPositions)).toEqual(
        costs.map(({ promptLength }) => promptLength),
      );
      const scored = asked.map(({ id, prompt, images }) => ({ id, prompt, images, continuation: "b" }));
      const scores = await model.score(scored);
      for (const [index, { logProbability }] of (await model.score(scored, { sharePrefixes: false })).entries())
        expect(scores[index]?.logProbability).toBeCloseTo(logProbability, 4);
    });

    it("returns the margins of an answer if details are requested, and its tokens if they are known", async () => {
      const plain = await answersOf(model, requests);
      for (const { id, text, tokens, margins } of (await answersOf(model, requests, { details: true })).values()) {
        expect(text).toBe(plain.get(id)?.text);
        expect(margins?.length).toBeGreaterThan(0);
        expect(margins).toHaveLength(tokens?.length ?? margins?.length ?? -1);
        expect(Math.min(...(margins ?? []))).toBeGreaterThanOrEqual(0);
      }
    });

    it("streams pieces of text that add up to the answer", async () => {
      for (const [id, { text }] of await answersOf(model, requests)) {
        const request = requests.find((one) => one.id === id);
        if (!request) continue;
        const pieces = streamAnswer(model, request);
        let streamed = "";
        let step = await pieces.next();
        for (; !step.done; step = await pieces.next()) streamed += step.value.text;
        expect(streamed).toBe(text);
        expect(step.value).toMatchObject({ id, text });
      }
    });

    it("scores continuations with negative log-probabilities, whatever else is in the batch", async () => {
      const scoreRequests = ["b", "xyz"].map((continuation, index) => ({
        id: `score-${index}`,
        prompt: { kind: "raw", text: "a", beginOfSequence: true } as const,
        images: [],
        continuation,
      }));
      const scores = await model.score(scoreRequests);
      expect(scores.map(({ id }) => id)).toEqual(["score-0", "score-1"]);
      for (const [index, request] of scoreRequests.entries()) {
        expect(scores[index]?.logProbability).toBeLessThan(0);
        expect(scores[index]?.tokens).toBeGreaterThan(0);
        const [alone] = await model.score([request]);
        expect(alone?.logProbability).toBeCloseTo(scores[index]?.logProbability ?? NaN, 4);
      }
    });

    it("leaves no tensors behind", async () => {
      await answersOf(model, requests);
      const before = tf.memory().numTensors;
      await answersOf(model, requests);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}
