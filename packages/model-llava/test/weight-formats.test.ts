import { readdir, stat, utimes } from "node:fs/promises";
import { onnxStatistics } from "@mlan/backend-onnx";
import type { Score } from "@mlan/core";
import { backbonePlugin, createLlavaSource, llama, type LlavaModel } from "@mlan/model-llava";
import { WORDINGS } from "@mlan/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { answersOf } from "./answers-of.ts";
import { compute, rewriteTensors, scratchLlava, tinySource } from "./tiny-llava.ts";

type Format = "float32" | "stored" | "int8" | "int4";

const scratch = await scratchLlava();
/** The tiny model in bfloat16, as checkpoints are published. */
const folder = scratch.fresh();

beforeAll(async () => {
  const model = await tinySource(scratch.backbone).open();
  await model.save(folder, { dtype: "bfloat16" });
  model.dispose();
});

function open(weightFormat: Format, weights = folder): Promise<LlavaModel> {
  const untunedWording = WORDINGS["llama2-base"];
  return createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute,
    weights,
    untunedWording,
    weightFormat,
  }).open();
}

const prompts = ["the cat sat on", "a", "one two three four five six seven"];
const requests = prompts.map((text, index) => ({
  id: String(index),
  prompt: { kind: "raw", text, beginOfSequence: true } as const,
  images: [],
}));
const scored = requests.map((request) => ({ ...request, continuation: " and the dog" }));
const asked = requests.map((request) => ({ ...request, maximumNewTokens: 8 }));

async function resultsOf(model: LlavaModel): Promise<{ scores: readonly Score[]; answers: readonly string[] }> {
  const answers = await answersOf(model, asked);
  return { scores: await model.score!(scored), answers: [...answers.values()].map(({ text }) => text) };
}

async function resultsIn(format: Format): Promise<Awaited<ReturnType<typeof resultsOf>>> {
  const model = await open(format);
  const results = await resultsOf(model);
  model.dispose();
  return results;
}

const valuesOf = ({ scores }: { scores: readonly Score[] }): number[] =>
  scores.map(({ logProbability }) => logProbability);

describe("a model in 16 bits as stored", () => {
  it("answers and scores to the bit as in float32", async () => {
    expect(await resultsIn("stored")).toEqual(await resultsIn("float32"));
  });

  it("maps its matrices from the file, and gives them back", async () => {
    const before = onnxStatistics();
    const plain = await open("float32");
    const all = onnxStatistics().leafBytes - before.leafBytes;
    plain.dispose();
    const model = await open("stored");
    const { mappedBytes, leafBytes } = onnxStatistics();
    const mapped = mappedBytes - before.mappedBytes;
    expect(mapped).toBeGreaterThan(0);
    expect(leafBytes - before.leafBytes).toBe(all - 2 * mapped);
    model.dispose();
    expect(onnxStatistics()).toMatchObject({ mappedBytes: before.mappedBytes, leafBytes: before.leafBytes });
  });

  it("learns in float32, and is saved as it was", async () => {
    const [model, plain] = [await open("stored"), await open("float32")];
    const again = scratch.fresh();
    await model.save(again);
    for (const one of [model, plain]) {
      const { parameters, end } = one.learn(["language"]);
      expect(parameters.length).toBe(one.parameters().length);
      end();
    }
    expect(await resultsOf(model)).toEqual(await resultsOf(plain));
    for (const one of [model, plain]) one.dispose();
    const saved = await open("float32", again);
    expect(await resultsOf(saved)).toEqual(await resultsIn("float32"));
    saved.dispose();
  });

  it("reads a file of 32 bits as float32", async () => {
    const { mappedBytes } = onnxStatistics();
    const model = await open("stored", scratch.backbone);
    expect(onnxStatistics().mappedBytes).toBe(mappedBytes);
    model.dispose();
  });

  it("names a value that is not finite", async () => {
    const damaged = scratch.fresh();
    const model = await open("float32");
    await model.save(damaged, { dtype: "bfloat16" });
    model.dispose();
    const copy = await scratch.copy(damaged);
    await rewriteTensors(copy, (all) =>
      all.map((tensor) => ({
        ...tensor,
        dtype: "BF16" as const,
        data: async () => {
          const values = (await tensor.data()) as Float32Array;
          return tensor.name.endsWith("layers.1.mlp.up_proj.weight")
            ? values.map((value, index) => (index === 3 ? NaN : value))
            : values;
        },
      })),
    );
    await expect(open("stored", copy)).rejects.toMatchObject({ code: "invalid-checkpoint" });
  });
});

describe.each([
  ["int8", 0.02],
  ["int4", 0.4],
] as const)("a model in %s", (format, tolerance) => {
  it("scores close to float32, the same at every start", async () => {
    const first = await resultsIn(format);
    const exact = valuesOf(await resultsIn("float32"));
    for (const [index, value] of valuesOf(first).entries())
      expect(Math.abs(value - exact[index]!)).toBeLessThan(tolerance * Math.abs(exact[index]!));
    expect(valuesOf(first)).not.toEqual(exact);
    expect(await resultsIn(format)).toEqual(first);
  });

  it("keeps what it made beside the checkpoint, and maps it at later starts", async () => {
    (await open(format)).dispose();
    const kept = new URL("quantised/", folder);
    const files = async (): Promise<string[]> => (await readdir(kept)).filter((name) => name.startsWith(format));
    const [name = ""] = await files();
    expect(await files()).toEqual([expect.stringMatching(new RegExp(`^${format}-[0-9a-f]{32}\\.safetensors$`))]);
    const { mtimeMs } = await stat(new URL(name, kept));
    const { mappedBytes } = onnxStatistics();
    const model = await open(format);
    expect(onnxStatistics().mappedBytes).toBeGreaterThan(mappedBytes);
    model.dispose();
    expect((await stat(new URL(name, kept))).mtimeMs).toBe(mtimeMs);
    // Other weights get another file.
    await utimes(new URL("model.safetensors", folder), new Date(), new Date());
    (await open(format)).dispose();
    expect((await files()).length).toBe(2);
  });

  it("neither learns nor is saved, and says what does", async () => {
    const model = await open(format);
    expect(() => model.learn(["language"])).toThrow(
      /"model\.layers\.0\.self_attn\.q_proj\.weight" was opened in [48] bits and cannot learn\. Open the model with weightFormat "stored"/,
    );
    await expect(model.save(scratch.fresh())).rejects.toThrow(
      /was not written: the model was opened with weightFormat "int[48]", which rounds/,
    );
    model.dispose();
  });

  it("has a fingerprint of its own", async () => {
    const [model, plain] = [await open(format), await open("float32")];
    expect(model.fingerprint).not.toBe(plain.fingerprint);
    for (const one of [model, plain]) one.dispose();
  });
});

it("a format that does not exist is refused", () => {
  const definition = {
    name: "tiny",
    module: import.meta.url,
    architecture: llama,
    repository: { id: "a/b", revision: "c" },
    untunedWording: WORDINGS["llama2-base"],
  };
  const options = { weights: folder, weightFormat: "int2" as "int8" };
  expect(() => backbonePlugin(definition, options)).toThrow(/weightFormat/);
});
