import { type LlavaModel, loadTokenizer } from "@mlan/model-llava";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDistinctModel } from "./opened-models.ts";
import { PASSAGE, scoreRequests } from "./prefix-requests.ts";
import { raw } from "./requests.ts";
import { scratchLlava } from "./tiny-llava.ts";

const scratch = await scratchLlava();

describe("scores that share prefixes", () => {
  let model: LlavaModel;
  beforeAll(async () => {
    model = await openDistinctModel(scratch);
  });
  afterAll(() => model.dispose());

  it("equal scores without, with any batch size", async () => {
    const requests = scoreRequests();
    const alone = await model.score(requests, { batchSize: 1, sharePrefixes: false });
    expect(new Set(alone.map(({ logProbability }) => logProbability.toFixed(3))).size).toBeGreaterThan(6);
    for (const sharePrefixes of [true, false]) {
      for (const batchSize of [1, 8, 32]) {
        const found = await model.score(requests, { batchSize, sharePrefixes });
        expect(found.map(({ id, tokens }) => [id, tokens])).toEqual(alone.map(({ id, tokens }) => [id, tokens]));
        for (const [index, { logProbability }] of found.entries())
          expect(logProbability, requests[index]!.id).toBeCloseTo(alone[index]!.logProbability, 3);
      }
    }
  });

  it("agree with the loss of the whole sequence", async () => {
    const tokenizer = await loadTokenizer(scratch.backbone);
    for (const { id, prompt, continuation } of scoreRequests().filter(({ images }) => images.length === 0)) {
      if (prompt.kind !== "raw") throw new Error("These prompts are raw.");
      const inputIds = Int32Array.from(tokenizer.encode(prompt.text + continuation, { beginOfSequence: true }));
      const [score] = await model.score([{ id, prompt, images: [], continuation }]);
      const first = inputIds.length - score!.tokens;
      const labels = inputIds.map((token, index) => (index < first ? -100 : token));
      const size = { length: inputIds.length, supervised: score!.tokens };
      const batch = await model.collate([{ id, inputIds, labels, images: [], ...size }], {
        rows: 1,
        length: inputIds.length,
      });
      const loss = model.loss(batch.tensors);
      expect(score!.logProbability).toBeCloseTo(-(await loss.data())[0]! * score!.tokens, 3);
      loss.dispose();
      batch.dispose();
    }
  });

  it("compute the choices' common question once, and no position after the last one needed", async () => {
    const choices = ["0", "1", "2", "3"].map((continuation) => ({
      id: continuation,
      prompt: raw(`${PASSAGE}what`),
      images: [],
      continuation,
    }));
    const scores = await model.score(choices);
    const [alone] = await model.score(choices.slice(0, 1));
    const [first, ...others] = scores.map(({ computedPositions }) => computedPositions);
    expect(first).toBe(alone!.computedPositions);
    expect(scores.map(({ tokens }) => tokens)).toEqual([1, 1, 1, 1]);
    expect(others).toEqual([1, 1, 1]);
  });
});
