import { useOnnxBackend } from "@mlan/backend-onnx";
import type { Batch, Component, Conversation, ImageReference } from "@mlan/core";
import { trainingFlops } from "#internal/network/training-flops.ts";
import { languageConfig, llama, type LlavaModel, llavaNetwork } from "@mlan/model-llava";
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainImage, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const red = plainImage("red", "#f00");
const blue = plainImage("blue", "#00f");
let model: LlavaModel;
beforeAll(async () => {
  await useOnnxBackend();
  model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 1 });
  model.setFormat({ template: "v1", imageAspectRatio: "pad", maximumLength: 256 });
});
afterAll(() => model.dispose());

describe("a training step", () => {
  it("changes the projector only with images; text does not run the tower", async () => {
    const text = await batchOf([conversation("a"), conversation("b")]);
    const mixed = await batchOf([conversation("a"), conversation("b", red)]);
    expect(await gradientNames(text, "projector")).toEqual([]);
    expect(await gradientNames(text, "vision")).toEqual([]);
    expect(await gradientNames(mixed, "projector")).toHaveLength(4);
    expect(await kernelsOf(text)).not.toContain("Erf");
    expect(await kernelsOf(mixed)).toContain("Erf");
    expect(text.counts.image).toBe(0);
    expect(mixed.counts.image).toBe(4);
    text.dispose();
    mixed.dispose();
  });

  it("leaves no tensors behind, with images and without", async () => {
    const batch = async (): Promise<void> => {
      for (const examples of [[conversation("a")], [conversation("a", red), conversation("b", blue)]]) {
        const made = await batchOf(examples);
        const learning = model.learn(["language", "projector"]);
        const variables = learning.parameters.map(({ variable }) => variable);
        const { value, grads } = tf.variableGrads(() => model.loss(made.tensors), variables);
        await value.data();
        tf.dispose([value, grads]);
        learning.end();
        made.dispose();
      }
    };
    await batch();
    const before = tf.memory().numTensors;
    for (let step = 0; step < 3; step++) await batch();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("computes the same loss for a conversation whatever else is in the batch", async () => {
    const shape = { rows: 3, length: 256 };
    const [alone, long] = [conversation("a", red), conversation("x".repeat(30), blue)];
    const losses = await Promise.all(
      [[alone], [alone, alone], [long], [long, alone]].map(async (conversations) => {
        const batch = await model.collate(
          conversations.map((each) => model.encode(each)),
          shape,
        );
        const { supervised } = batch.counts;
        const sum = (await lossOf(batch)) * supervised;
        batch.dispose();
        return sum;
      }),
    );
    expect(losses[1]).toBeCloseTo(2 * losses[0]!, 3);
    expect(losses[3]).toBeCloseTo(losses[0]! + losses[2]!, 3);
  });

  it("stays finite for logits that overflow a naive softmax", async () => {
    const learning = model.learn(["language"]);
    const head = learning.parameters.find(({ name }) => name === "lm_head.weight")!.variable;
    const before = tf.clone(head);
    head.assign(tf.tidy(() => tf.mul(before, 1e5)));
    const batch = await batchOf([conversation("a")]);
    const { value, grads } = tf.variableGrads(() => model.loss(batch.tensors), [head]);
    const [loss = NaN] = await value.data();
    expect(Number.isFinite(loss)).toBe(true);
    expect(loss).toBeGreaterThan(100);
    expect((await grads[head.name]!.data()).every(Number.isFinite)).toBe(true);
    head.assign(before);
    tf.dispose([value, grads, before]);
    learning.end();
    batch.dispose();
  });

  it("is refused for conversations that do not fit, and for batches that are disposed or foreign", async () => {
    const example = model.encode(conversation("a"));
    await expect(model.collate([example], { rows: 1, length: 4 })).rejects.toThrow(/do not fit in 1 row of 4/);
    const batch = await model.collate([example], { rows: 1, length: 256 });
    batch.dispose();
    expect(() => model.loss(batch.tensors)).toThrow(/disposed/);
    expect(() => model.loss({ tokenIds: tf.tensor2d([[1]]) })).toThrow(/another model/);
  });

  it("names an image that does not decode", async () => {
    const broken: ImageReference = { name: "scan-7.png", read: () => Promise.resolve(new Uint8Array([1, 2, 3])) };
    await expect(batchOf([conversation("a", broken)])).rejects.toThrow(/scan-7\.png/);
  });
});

describe("operations", () => {
  const config = languageConfig(
    {
      model_type: "llama",
      vocab_size: 32_000,
      hidden_size: 4096,
      intermediate_size: 11_008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      rms_norm_eps: 1e-5,
      max_position_embeddings: 4096,
    },
    new URL("file:///config.json"),
  );

  it("of Llama 2 7B are six per weight and position, plus attention", () => {
    const network = llavaNetwork({ architecture: llama, language: config, vision: undefined }); // Nothing is loaded.
    const [rows, length] = [2, 1024];
    const weights = 6_738_415_616 - 32_000 * 4096; // All but the embedding, whose rows are only looked up.
    const attention = 3 * 4 * rows * length ** 2 * 4096 * 32;
    const counted = trainingFlops(network, { rows, length, images: 0, supervised: rows * length }, ["language"]);
    expect(counted / (6 * weights * rows * length + attention)).toBeCloseTo(1, 4);
  });

  it("are fewer if fewer components are trained", async () => {
    const batch = await batchOf([conversation("a", red), conversation("b", blue)]);
    const all: readonly (readonly Component[])[] = [
      [],
      ["projector"],
      ["language"],
      ["language", "projector"],
      ["language", "projector", "vision"],
    ];
    const counts = all.map((trained) => {
      const learning = model.learn(trained);
      const flops = model.trainingFlops(batch);
      learning.end();
      return flops;
    });
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBe(counts.length);
    batch.dispose();
  });
});

function conversation(text: string, ...images: ImageReference[]): Conversation {
  return {
    id: text.slice(0, 8),
    turns: [
      { role: "user", text: images.length > 0 ? `<image>\n${text}` : text },
      { role: "assistant", text: `${text} it is` },
    ],
    images,
  };
}

async function batchOf(conversations: readonly Conversation[]): Promise<Batch> {
  const examples = conversations.map((each) => model.encode(each));
  return model.collate(examples, { rows: 2, length: 256 });
}

async function gradientNames(batch: Batch, component: Component): Promise<string[]> {
  const learning = model.learn([component, "language"]);
  const { value, grads } = tf.variableGrads(
    () => model.loss(batch.tensors),
    learning.parameters.map(({ variable }) => variable),
  );
  const names = learning.parameters
    .filter((parameter) => parameter.component === component && grads[parameter.variable.name])
    .map(({ name }) => name);
  tf.dispose([value, grads]);
  learning.end();
  return names;
}

async function kernelsOf(batch: Batch): Promise<readonly string[]> {
  const { kernelNames } = await tf.profile(() => model.loss(batch.tensors));
  return kernelNames;
}

async function lossOf(batch: Batch): Promise<number> {
  const loss = model.loss(batch.tensors);
  const [value = NaN] = await loss.data();
  loss.dispose();
  return value;
}
