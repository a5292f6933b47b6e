import { readFile } from "node:fs/promises";
import { onnx } from "@mlan/backend-onnx";
import { type Benchmark, evaluate, type Experiment, experiment, runExperiment, runFolder, train } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { captions } from "@mlan/data-captions";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { pope } from "@mlan/data-pope";
import { generation } from "@mlan/eval-generation";
import { qwen2 } from "@mlan/model-qwen2";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { expect, it } from "vitest";
import { scratchFolder } from "./tiny-model.ts";

const weights = new URL("../../../packages/model-qwen2/test/fixtures/tied/", import.meta.url);
const format = { maximumLength: 512 };
const steps = { batchSize: 8, microBatchSize: 4, epochs: 4, warmupRatio: 0, learningRate: 1e-2 };

it("a Qwen2 is aligned, tuned on language and evaluated under LLaVA, and returns the same answers after reopening", async () => {
  const root = await scratchFolder();
  const world = await writeMiniworld(new URL("world/", root), {
    seed: 7,
    captions: 24,
    instructions: 24,
    boolqQuestions: 6,
    popeImages: 2,
  });
  const benchmarks: readonly Benchmark[] = [boolq({ folder: world.boolq }), pope({ folder: world.pope })];
  const asked = evaluate({ name: "asked", benchmarks, protocol: "strict" });
  const folder = new URL("run/", root);
  const run = await ran(
    experiment({
      name: "qwen2-under-llava",
      use: [qwen2({ weights, visionTower: miniCheckpoint("mini-clip") }), cpuTrainer({ threads: 1 }), generation()],
      stages: [
        train({ name: "align", data: captions({ folder: world.captions }), recipe: alignment({ ...steps, format }) }),
        train({
          name: "tune",
          data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
          recipe: instructionTuning({ ...steps, format }),
        }),
        asked,
      ],
    }),
    folder,
  );
  for (const stage of ["align", "tune"]) {
    const losses = run.losses.get(stage) ?? [];
    expect(losses.length).toBeGreaterThan(2);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) - 0.3);
  }
  expect(run.answers.size).toBeGreaterThan(6);

  const tuned = (await runFolder(folder).readManifest())?.stages["tune"]?.checkpoint;
  const saved = new URL(tuned ?? "", folder);
  expect(JSON.parse(await readFile(new URL("config.json", saved), "utf8"))).toMatchObject({
    architectures: ["LlavaQwenForCausalLM"],
    model_type: "llava_qwen",
    mlan_template: "chatml",
    tie_word_embeddings: true,
  });
  const again = await ran(
    experiment({
      name: "again",
      use: [qwen2({ weights: saved }), onnx({ threads: 1 }), generation()],
      stages: [asked],
    }),
    new URL("again/", root),
  );
  expect(again.answers).toEqual(run.answers);
});

interface Ran {
  /** Losses by stage. */
  readonly losses: ReadonlyMap<string, readonly number[]>;
  /** Answers by benchmark and question id. */
  readonly answers: ReadonlyMap<string, string>;
}

async function ran(value: Experiment, folder: URL): Promise<Ran> {
  const losses = new Map<string, number[]>();
  const answers = new Map<string, string>();
  for await (const event of runExperiment(value, { folder })) {
    if (event.type !== "stage-progress") continue;
    const { event: progress, stage } = event;
    if (progress.type === "step-end") losses.set(stage, [...(losses.get(stage) ?? []), progress.loss]);
    if (progress.type === "question-answered")
      answers.set(`${progress.benchmark} ${progress.answer.id}`, progress.answer.answer);
  }
  return { losses, answers };
}
