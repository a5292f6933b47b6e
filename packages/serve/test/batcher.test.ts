import type { Generation, GenerationRequest } from "@mlan/core";
import { expect, test } from "vitest";
import { createBatcher } from "#internal/batcher.ts";

const model = {
  async *generate(requests: readonly GenerationRequest[]): AsyncGenerator<Generation> {
    for (const { id } of requests) {
      const answer: Generation = { id, text: "", finish: "end-of-sequence", promptLength: 1, computedPositions: 1 };
      yield answer;
    }
  },
};

test.each([0, 1, 2, 3, 4, 5])("a job that arrives %i turns after the last answer is answered", async (turns) => {
  const batcher = createBatcher(model, { batchSize: 1, maximumBatches: 1 });
  const { signal } = new AbortController();
  const answer = (id: string): Promise<Generation> => {
    const prompt = { kind: "raw", text: "", beginOfSequence: true } as const;
    return batcher.answer({ request: { id, prompt, images: [], maximumNewTokens: 1, signal } });
  };
  await answer("first");
  for (let turn = 0; turn < turns; turn++) await undefined;
  expect(await answer("second")).toMatchObject({ id: "second" });
  await batcher.idle();
  expect(batcher.size).toBe(0);
});
