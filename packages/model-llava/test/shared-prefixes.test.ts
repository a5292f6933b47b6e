import { useOnnxBackend } from "@mlan/backend-onnx";
import type { Generation, GenerationOptions, GenerationRequest, ImageReference, Prompt } from "@mlan/core";
import type { LlavaModel } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BACKENDS } from "./backends.ts";
import { plainImage, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();

const PASSAGE = "the quick brown fox jumps over the lazy dog. ".repeat(3);
const OTHER = "0123456789 ".repeat(6);

describe.each(BACKENDS)("shared prefixes on $name", ({ use }) => {
  let model: LlavaModel;
  beforeAll(async () => {
    await use();
    model = await openModel();
  });
  afterAll(() => model.dispose());

  it("change no answer, with any batch size", async () => {
    const requests = mixedRequests();
    const alone = await answers(model, requests, { batchSize: 1, sharePrefixes: false });
    expect(new Set([...alone.values()].map(({ text }) => text)).size).toBeGreaterThan(10);
    for (const sharePrefixes of [true, false]) {
      for (const batchSize of [1, 8, 32]) {
        const found = await answers(model, requests, { batchSize, sharePrefixes });
        expect(withoutCosts(found), `${batchSize} ${sharePrefixes}`).toEqual(withoutCosts(alone));
      }
    }
  });
});

async function openModel(): Promise<LlavaModel> {
  const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 3 });
  // Weights as small as the tiny checkpoint's hardly depend on the prompt.
  for (const { component, variable } of model.parameters()) {
    if (component !== "vision" && variable.rank === 2) variable.assign(tf.tidy(() => tf.mul(variable, 8)));
  }
  return model;
}

/** Groups of many sizes: text and images, larger than a batch, one prompt within another, equal prompts, loners. */
function mixedRequests(): readonly GenerationRequest[] {
  const red = plainImage("red", "#f00");
  const sameRed = plainImage("another red", "#f00");
  const blue = plainImage("blue", "#00f");
  const prompts: [text: string, images?: readonly ImageReference[]][] = [
    ...Array.from({ length: 11 }, (_, index): [string] => [`${PASSAGE}question ${index} ${"why ".repeat(index % 4)}`]),
    ...[OTHER, `${OTHER}and`, `${OTHER}and more`, `${OTHER}and more`, OTHER].map((text): [string] => [text]),
    ...["alone", "a", `${PASSAGE.slice(0, 70)} but not so`].map((text): [string] => [text]),
    ...[red, sameRed, blue].flatMap((image) =>
      ["is it red?", "is it blue, or what else could it be?", "is it?"].map(
        (text): [string, readonly ImageReference[]] => [`<image>look closely at this: ${text}`, [image]],
      ),
    ),
    ["<image>first, <image>second", [red, blue]],
    ["<image>first, <image>second?", [red, blue]],
  ];
  return prompts.map(([text, images = []], index) => ({
    id: `${index}`,
    prompt: raw(text),
    images,
    maximumNewTokens: 3 + (index % 8),
  }));
}

function raw(text: string): Prompt {
  return { kind: "raw", text, beginOfSequence: true };
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
    .map(({ computedPositions: _, ...rest }) => rest)
    .toSorted((one, other) => Number(one.id) - Number(other.id));
}
