import { cp, readFile, writeFile } from "node:fs/promises";
import { promptTensors, disposePromptTensors } from "#internal/batch/prompt-tensors.ts";
import { decodeRows } from "#internal/network/decode-rows.ts";
import { describe, expect, it } from "vitest";
import { openAnswerFunctions } from "./opened-models.ts";
import { compute, scratchLlava, tinySource } from "./tiny-llava.ts";

interface Case {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  /** Log-probabilities of the prompt's last tokens. */
  readonly scores: readonly number[];
}

/**
 * Results of transformers with a tiny Llama that was trained with 64 positions, from
 * tools/fixtures/model_llava_dynamic.py.
 */
const cases = JSON.parse(
  await readFile(new URL("fixtures/dynamic-positions.json", import.meta.url), "utf8"),
) as readonly Case[];

const scratch = await scratchLlava();
const weights = await scratch.copy(new URL("fixtures/layouts/llama/", import.meta.url));
await cp(new URL("dynamic.json", weights), new URL("config.json", weights));
// A letter for each token with id 3 or above.
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0"];
const tokenizer = JSON.parse(await readFile(new URL("tokenizer.json", scratch.backbone), "utf8"));
const vocab = Object.fromEntries(["<unk>", "<s>", "</s>", ...LETTERS].map((piece, id) => [piece, id]));
const letters = {
  ...tokenizer,
  normalizer: null,
  model: { ...tokenizer.model, vocab, merges: [], byte_fallback: false },
};
await writeFile(new URL("tokenizer.json", weights), JSON.stringify(letters));

function textOf(tokens: readonly number[]): string {
  return tokens.map((token) => LETTERS[token - 3]).join("");
}

await compute.open();

describe("a Llama whose rotary positions are scaled dynamically", async () => {
  const functions = await openAnswerFunctions(weights);

  it.each([
    ["one by one", cases.map((one) => [one])],
    ["in one batch, in which each row turns by its own length", [cases]],
  ])("answers as transformers within and beyond the positions of its training, %s", async (_, batches) => {
    for (const batch of batches) {
      const rows = batch.map(({ prompt }) => ({ symbols: Int32Array.from(prompt), start: 0 }));
      const length = Math.max(...batch.map(({ prompt }) => prompt.length));
      const prompts = promptTensors(rows, { rows: rows.length, length, patches: 0 });
      const answers: number[][] = batch.map(() => []);
      await decodeRows(functions, {
        prompts,
        lengths: batch.map(({ prompt }) => prompt.length),
        maximumNewTokens: 24,
        take: (row, { token }) => {
          answers[row]?.push(token);
          return token;
        },
        notFinite: async () => new Error("not finite"),
      });
      disposePromptTensors(prompts);
      expect(answers).toEqual(batch.map(({ tokens }) => tokens));
    }
  });
});

describe("its model", () => {
  it("reads as many positions as its factor says, and trains no more than it was trained with", async () => {
    const model = await tinySource(weights).open();
    expect(model.maximumPositions).toBe(128);
    expect(() => model.setFormat({ ...model.format, maximumLength: 65 })).toThrow(
      /^model-llava: maximumLength is 65, but the model has dynamically scaled rotary positions, with which training supports up to 64 positions\. Lower it\.$/,
    );
    model.dispose();
  });

  it("scores as transformers, and shares no prefix with prompts that turn otherwise", async () => {
    const model = await tinySource(weights).open();
    const scored = async (prompts: readonly (readonly number[])[]): Promise<readonly number[]> => {
      const requests = prompts.map((prompt, index) => ({
        id: String(index),
        prompt: { kind: "raw" as const, text: textOf(prompt.slice(0, -8)), beginOfSequence: false },
        images: [],
        continuation: textOf(prompt.slice(-8)),
      }));
      return (await model.score(requests)).map(({ logProbability }) => logProbability);
    };
    const results = await scored(cases.map(({ prompt }) => prompt));
    for (const [index, { scores }] of cases.entries())
      expect(results[index]).toBeCloseTo(
        scores.reduce((sum, score) => sum + score, 0),
        4,
      );
    const long = cases.at(-1)?.prompt ?? [];
    const [beginning = NaN] = await scored([long.slice(0, 60)]);
    const together = await scored([long, long.slice(0, 60)]);
    expect(together[0]).toBeCloseTo(results.at(-1) ?? NaN, 4);
    expect(together[1]).toBeCloseTo(beginning, 4);
    model.dispose();
  });
});
