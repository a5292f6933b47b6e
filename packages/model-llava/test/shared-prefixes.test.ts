import type { Generation, GenerationOptions, GenerationRequest, ImageReference, Prompt } from "@mlan/core";
import { type LlavaModel, loadTokenizer } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BACKENDS } from "./backends.ts";
import { openDistinctModel } from "./opened-models.ts";
import { mixedRequests, OTHER, PASSAGE, scoreRequests } from "./prefix-requests.ts";
import { raw } from "./requests.ts";
import { plainImage, scratchLlava } from "./tiny-llava.ts";

const scratch = await scratchLlava();

describe.each(BACKENDS)("shared prefixes on $name", ({ name, use }) => {
  let model: LlavaModel;
  beforeAll(async () => {
    await use();
    model = await openDistinctModel(scratch);
  });
  afterAll(() => model.dispose());

  // Many shapes are compiled here.
  it("change no answer, with any batch size", { timeout: 60_000 }, async () => {
    // tfjs's own backend is slow.
    const requests = mixedRequests().filter((_, index) => name === "onnx" || index % 2 === 0);
    const alone = await answers(model, requests, { batchSize: 1, sharePrefixes: false });
    expect(new Set([...alone.values()].map(({ text }) => text)).size).toBeGreaterThan(8);
    const sizes = name === "onnx" ? [1, 8, 32] : [8];
    for (const batchSize of sizes) {
      for (const sharePrefixes of [true, false]) {
        const found = await answers(model, requests, { batchSize, sharePrefixes });
        expect(withoutCosts(found), `${batchSize} ${sharePrefixes}`).toEqual(withoutCosts(alone));
      }
    }
  });
});

describe("answers that share prefixes", () => {
  let model: LlavaModel;
  beforeAll(async () => {
    model = await openDistinctModel(scratch);
  });
  afterAll(() => model.dispose());

  it("drop rows that have ended, without changing the rest", async () => {
    const requests = mixedRequests().map((request, index) => ({
      ...request,
      maximumNewTokens: index % 9 === 0 ? 24 : 2,
    }));
    const alone = await answers(model, requests, { batchSize: 1, sharePrefixes: false });
    for (const batchSize of [8, 32]) {
      expect(withoutCosts(await answers(model, requests, { batchSize }))).toEqual(withoutCosts(alone));
    }
  });

  it("compute a prefix once: 18 questions on each of 3 images need an eighth of the positions", async () => {
    // An image has 4 positions with the tiny tower but hundreds with a real one. Text makes up the difference.
    const images = ["#f00", "#0f0", "#00f"].map((color) => plainImage(color, color));
    const requests = images.flatMap((image, number) =>
      Array.from({ length: 18 }, (_, question) => ({
        id: `${number}-${question}`,
        prompt: raw(
          `<image>${"as many positions as images have ".repeat(6)}is there a ${"abcdefghijklmnopqr"[question]}?`,
        ),
        images: [image],
        maximumNewTokens: 2,
      })),
    );
    const shared = sumOf(await answers(model, requests));
    const apart = sumOf(await answers(model, requests, { sharePrefixes: false }));
    expect(apart.computedPositions).toBe(apart.promptLength);
    expect(shared.promptLength).toBe(apart.promptLength);
    expect(apart.computedPositions).toBeGreaterThan(8 * shared.computedPositions);
  });

  it("count a prefix for the first answer that uses it", async () => {
    const found = await answers(
      model,
      [1, 2, 3].map((id) => request(`${id}`, `${PASSAGE}${id}`)),
    );
    const costs = [...found.values()].map(({ computedPositions }) => computedPositions);
    const [{ promptLength = 0 } = {}] = found.values();
    expect(costs).toEqual([promptLength, costs[1], costs[1]]);
    expect(costs[1]).toBeLessThan(4);
    expect(costs[1]).toBeGreaterThan(0);
  });

  it("read and see equal images once, whatever their references", async () => {
    const reads: string[] = [];
    const counted = (name: string): ImageReference => {
      const image = plainImage(name, "#f00");
      return { name, read: () => (reads.push(name), image.read()) };
    };
    const images = ["one", "two", "three"].map(counted);
    const asked = images.flatMap((image) =>
      ["is it red?", "is it blue?"].map((question) => ({
        ...request(`${image.name} ${question}`, `<image>look closely: ${question}`),
        images: [image],
      })),
    );
    const found = await answers(model, asked, { batchSize: 2 });
    expect(reads).toEqual(["one", "two", "three"]);
    const { computedPositions, promptLength } = sumOf(found);
    expect(computedPositions).toBeLessThan(promptLength / 2);
  });

  it("leave no tensors behind, also when the caller stops in the middle", async () => {
    const requests = mixedRequests();
    await answers(model, requests, { batchSize: 4 });
    await model.score(scoreRequests(), { batchSize: 4 });
    const before = tf.memory().numTensors;
    await answers(model, requests, { batchSize: 4 });
    for await (const _ of model.generate(requests, { batchSize: 4 })) break;
    const controller = new AbortController();
    await expect(async () => {
      for await (const _ of model.generate(requests, { batchSize: 4, signal: controller.signal })) controller.abort();
    }).rejects.toThrow(/abort/);
    await model.score(scoreRequests(), { batchSize: 4 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("name request and image when an image cannot be decoded", async () => {
    const broken: ImageReference = { name: "broken.png", read: async () => new Uint8Array([1, 2, 3]) };
    const asked = [request("fine", "text"), { ...request("bad", "<image>text"), images: [broken] }];
    const wanted = /image "broken.png" cannot be decoded.*It belongs to request "bad"\./s;
    await expect(answers(model, asked)).rejects.toThrow(wanted);
    const scored = { id: "bad", prompt: raw("<image>text"), images: [broken], continuation: "a" };
    await expect(model.score([scored])).rejects.toThrow(wanted);
    const unreadable = { name: "gone.png", read: () => Promise.reject(new Error("no such file")) };
    await expect(answers(model, [{ ...request("bad", "<image>text"), images: [unreadable] }])).rejects.toThrow(
      /image "gone.png" cannot be read: no such file. It belongs to request "bad"/,
    );
  });

  it("truncate the beginning of the language harness's prompts: all but the model's number of positions minus 256", async () => {
    const cut: Prompt = { kind: "raw", text: PASSAGE.repeat(3), beginOfSequence: false, harness: "language" };
    const found = await answers(model, [{ ...request("cut", ""), prompt: cut }]);
    expect(found.get("cut")!.promptLength).toBe(512 - 256);
    const [short, long] = await model.score(
      ["", OTHER].map((start, id) => ({
        id: `${id}`,
        prompt: { ...cut, text: `${start}${cut.text}` },
        images: [],
        continuation: "xyz",
      })),
    );
    expect(short!.logProbability).toBeCloseTo(long!.logProbability, 4);
    expect(short!).toMatchObject({ tokens: 3, length: 256 + 2 });
  });

  it("come with tokens and margins when asked, with neither when not", async () => {
    const requests = ["abc", "abc def"].map((text) => ({ ...request(text, text), maximumNewTokens: 3 }));
    const plain = await answers(model, requests);
    expect([...plain.values()].every((found) => !("tokens" in found) && !("margins" in found))).toBe(true);
    const detailed = await answers(model, requests, { details: true });
    const tokenizer = await loadTokenizer(scratch.backbone);
    for (const { id, text, tokens, margins } of detailed.values()) {
      expect(text).toBe(plain.get(id)!.text);
      expect(tokenizer.decode(tokens!)).toBe(text);
      expect(margins).toHaveLength(3);
      expect(Math.min(...margins!)).toBeGreaterThan(0);
    }
  });
});

function request(id: string, text: string): GenerationRequest {
  return { id, prompt: raw(text), images: [], maximumNewTokens: 2 };
}

function sumOf(found: ReadonlyMap<string, Generation>): Pick<Generation, "promptLength" | "computedPositions"> {
  const sum = { promptLength: 0, computedPositions: 0 };
  for (const { promptLength, computedPositions } of found.values()) {
    sum.promptLength += promptLength;
    sum.computedPositions += computedPositions;
  }
  return sum;
}

async function answers(
  model: LlavaModel,
  requests: readonly GenerationRequest[],
  options: GenerationOptions = {},
): Promise<ReadonlyMap<string, Generation>> {
  const found = new Map<string, Generation>();
  for await (const generation of model.generate(requests, options)) {
    expect(found.has(generation.id)).toBe(false);
    found.set(generation.id, generation);
  }
  return found;
}

function withoutCosts(found: ReadonlyMap<string, Generation>): unknown {
  return [...found.values()]
    .map((generation) => ({ ...generation, computedPositions: 0 }))
    .toSorted((one, other) => Number(one.id) - Number(other.id));
}
