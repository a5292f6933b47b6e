import { onnx } from "@mlan/backend-onnx";
import { tensorflow } from "@mlan/backend-tensorflow";
import { type Benchmark, evaluate, experiment, type Plugin, runExperiment, runFolder, train } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { pope } from "@mlan/data-pope";
import { generation } from "@mlan/eval-generation";
import { likelihood } from "@mlan/eval-likelihood";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../tensorflow/describe-with-tensorflow.ts";
import { scratchFolder } from "./tiny-model.ts";

let root: URL;
const model = llama2({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") });
let benchmarks: readonly Benchmark[];
let tuning: URL;
beforeAll(async () => {
  root = await scratchFolder();
  const world = await writeMiniworld(new URL("world/", root), {
    seed: 7,
    captions: 8,
    instructions: 8,
    boolqQuestions: 6,
    popeImages: 2,
  });
  benchmarks = [boolq({ folder: world.boolq }), pope({ folder: world.pope })];
  tuning = new URL("MLAN_mini.json", world.mlan);
});

/** Returns the answers of each benchmark, sorted by id, and the names of the plugins in the manifest. */
async function answersOn(compute: Plugin, name: string, evaluator = generation()): Promise<Answers> {
  const folder = new URL(`${name}/`, root);
  const value = experiment({
    name,
    use: [model, evaluator, compute],
    stages: [evaluate({ name: "asked", benchmarks, protocol: "strict" })],
  });
  const answers: string[] = [];
  for await (const event of runExperiment(value, { folder })) {
    if (event.type !== "stage-progress" || event.event.type !== "question-answered") continue;
    const { id, answer } = event.event.answer;
    answers.push(`${event.event.benchmark} ${id}: ${answer}`);
  }
  const plugins = (await runFolder(folder).readManifest())?.plan.plugins.map((plugin) => plugin.name);
  return { answers: answers.toSorted(), plugins };
}

interface Answers {
  readonly answers: readonly string[];
  readonly plugins: readonly string[] | undefined;
}

describe("an experiment that only evaluates", () => {
  it.each([
    ["generation", generation()],
    ["likelihood", likelihood()],
  ])("needs no trainer, only a compute: by %s", async (name, evaluator) => {
    const { answers, plugins } = await answersOn(onnx({ threads: 2 }), name, evaluator);
    expect(answers.length).toBeGreaterThan(benchmarks.length);
    expect(plugins).toEqual(["@mlan/model-llama2", evaluator.name, "@mlan/backend-onnx"]);
    expect(tf.getBackend()).toBe("onnx");
  });

  it("becomes one that trains when cpuTrainer() replaces the compute plugin", async () => {
    const value = experiment({
      name: "trained",
      use: [model, cpuTrainer({ threads: 2 }), generation()],
      stages: [
        train({
          name: "tune",
          data: mlan({ file: tuning }),
          recipe: instructionTuning({
            batchSize: 2,
            microBatchSize: 2,
            maximumSteps: 2,
            warmupRatio: 0,
            format: { maximumLength: 256 },
          }),
        }),
        evaluate({ name: "asked", benchmarks, protocol: "strict" }),
      ],
    });
    const stages: string[] = [];
    for await (const event of runExperiment(value, { folder: new URL("trained/", root) }))
      if (event.type === "stage-end") stages.push(event.stage);
    expect(stages).toEqual(["tune", "asked"]);
  });
});

describeWithTensorFlow("an experiment that only evaluates, on TensorFlow", () => {
  it("has the answers of onnx, with the model's tensors on TensorFlow", async () => {
    const expected = await answersOn(onnx({ threads: 2 }), "expected");
    const found = await answersOn(tensorflow({ device: "cpu", threads: 2 }), "found");
    expect(tf.getBackend()).toBe("tensorflow");
    expect(found.answers).toEqual(expected.answers);
    expect(found.plugins?.at(-1)).toBe("@mlan/backend-tensorflow");
    // Back to the first compute plugin. A run makes its compute plugin current.
    expect((await answersOn(onnx({ threads: 2 }), "again")).answers).toEqual(expected.answers);
  });
});
