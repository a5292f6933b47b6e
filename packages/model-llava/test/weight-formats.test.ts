import { onnxStatistics } from "@mlan/backend-onnx";
import { backbonePlugin, createLlavaSource, llama } from "@mlan/model-llava";
import { plainCompute, WORDINGS } from "@mlan/testing";
import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, it } from "vitest";
import { type Format, formatModels, resultsOf } from "./format-models.ts";
import { writeQueryAdapter } from "./query-adapter.ts";
import { compute, rewriteTensors } from "./tiny-llava.ts";

const { folder, open, resultsIn, scratch, sourceOf } = await formatModels();

describe("a model in 16 bits as stored", () => {
  it("answers and scores are bit-identical to float32", async () => {
    expect(await resultsIn("stored")).toEqual(await resultsIn("float32"));
  });

  it("maps its matrices from the file, and frees them", async () => {
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

  it("is trained in float32, and saved unchanged otherwise", async () => {
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

  it("keeps a learning weight's variable when a checkpoint in 16 bits is loaded", async () => {
    const model = await open("stored");
    const { checkLearning } = await sourceOf("stored").inspect();
    checkLearning?.(["language"]);
    const { parameters, end } = model.learn(["language"]);
    await model.load(folder);
    for (const { name, variable } of parameters) expect([name, variable.isDisposed]).toEqual([name, false]);
    end();
    const results = await resultsOf(model);
    model.dispose();
    expect(results).toEqual(await resultsIn("float32"));
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

it("a format that does not exist is refused, not opened as another", () => {
  expect(() => sourceOf("int5" as Format)).toThrow(/weightFormat "int5" does not exist\. Use one of: float32, stored/);
});

it("matrices that an adapter changes are in float32, which is reported", async () => {
  const adapter = await writeQueryAdapter(scratch.fresh());
  const noticesIn = async (weightFormat: Format): Promise<readonly string[]> => {
    const untunedWording = WORDINGS["llama2-base"];
    const given = {
      architecture: llama,
      name: "tiny",
      compute,
      weights: folder,
      adapter,
      untunedWording,
      weightFormat,
    };
    const { notices = [] } = await createLlavaSource(given).inspect();
    return notices.filter((notice) => notice.includes("weightFormat"));
  };
  for (const format of ["stored", "int8", "int4"] as const)
    expect(await noticesIn(format)).toEqual([
      `1 matrix that the adapter changes is kept in float32 instead of weightFormat "${format}"; to change this, keep the adapter separate with mergeAdapter: false, or export the model and open the export`,
    ]);
  expect(await noticesIn("float32")).toEqual([]);
});

it("a backend without kernels for a format is refused", async () => {
  for (const format of ["stored", "int8", "int4"] as const)
    await expect(open(format, folder, plainCompute())).rejects.toThrow(
      `the backend cpu has no matrix products for weightFormat "${format}", so an answer would take minutes. Compute with onnx()`,
    );
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
