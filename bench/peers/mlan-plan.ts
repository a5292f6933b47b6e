/** Plans or runs one stage, for ../plan.ts. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import {
  type Conversation,
  evaluate,
  type Experiment,
  experiment,
  type ImageReference,
  planExperiment,
  runExperiment,
  type Stage,
  train,
} from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { memoryBenchmark, memoryDataset } from "@mlan/testing";
import { instructionTuning, lora } from "@mlan/trainer";
import { cpuTrainer } from "@mlan/trainer-cpu";
import type { CaseRequest, MeasuredCase, PlannedCase, RunCase } from "../plan/measured-case.ts";

/** A gray image of 336 x 336 pixels, as a PGM file. */
const PICTURE: ImageReference = {
  name: "grey.pgm",
  read: async () => Buffer.concat([Buffer.from("P5 336 336 255\n"), Buffer.alloc(336 * 336, 127)]),
};
const STEPS = 2;
/** So many that matrices of a small model are packed. */
const NEW_TOKENS = 16;

for await (const line of createInterface({ input: process.stdin })) {
  const { measured, action }: CaseRequest = JSON.parse(line);
  const place = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-plan-"))}/`);
  try {
    const made = experimentOf(measured);
    const folder = new URL("run/", place);
    console.log(JSON.stringify(await (action === "plan" ? planned(made, folder) : run(made, folder))));
  } finally {
    await rm(place, { recursive: true });
  }
}

function experimentOf(measured: MeasuredCase): Experiment {
  const { folder, weightFormat, threads, gradientCheckpointing, task, rows } = measured;
  const model = llama2({ weights: pathToFileURL(`${folder}/`), weightFormat, template: "v1" });
  return experiment({
    name: "measured",
    use: [model, cpuTrainer({ threads, gradientCheckpointing }), generation({ batchSize: rows })],
    stages: [task === "answers" ? answering(measured) : training(measured)],
  });
}

function answering({ rows, length, images }: MeasuredCase): Stage {
  const questions = Array.from({ length: rows }, (_, row) => ({
    id: `${row}`,
    images: images ? [PICTURE] : [],
    // A word has two tokens; different first words share only the beginning of the template.
    text: [...(images ? ["<image>"] : []), `${row}`, ...words(length / 2 - 4)].join(" "),
    target: "c",
  }));
  const asked = memoryBenchmark("words", questions);
  const benchmark: typeof asked = {
    ...asked,
    protocol: (name) => ({ ...asked.protocol(name), maximumNewTokens: NEW_TOKENS }),
  };
  return evaluate({ name: "answers", benchmarks: [benchmark] });
}

function training({ rows, length, images, task, rank, microBatches }: MeasuredCase): Stage {
  const conversations = Array.from({ length: rows * microBatches }, (_, row): Conversation => ({
    id: `${row}`,
    // The answer is truncated at the end of the row.
    turns: [
      { role: "user", text: images ? `<image>\n${row}` : `${row}` },
      { role: "assistant", text: words(length).join(" ") },
    ],
    images: images ? [PICTURE] : [],
  }));
  const adapter = task === "adapter" && { adapter: lora({ rank, projector: false }) };
  const recipe = instructionTuning({
    ...(adapter || { trained: ["language"] }),
    format: { template: "v1", maximumLength: length },
    batchSize: rows * microBatches,
    microBatchSize: rows,
    epochs: STEPS,
    warmupRatio: 0,
    checkpointEvery: STEPS,
  });
  return train({ name: "training", data: memoryDataset("words", conversations), recipe });
}

function words(count: number): readonly string[] {
  return Array.from({ length: count }, () => "tree");
}

async function planned(made: Experiment, folder: URL): Promise<PlannedCase> {
  for await (const event of planExperiment(made, { folder })) {
    if (event.type !== "plan") continue;
    const [stage] = event.plan.stages;
    if (!stage?.memory) break;
    const { rows, length, images } = stage.training?.shape ?? stage.answering?.shape ?? {};
    return { memory: stage.memory, batch: `${rows} x ${length} positions, ${images} images` };
  }
  throw new Error("the stage has no plan");
}

async function run(made: Experiment, folder: URL): Promise<RunCase> {
  const events: { type: string; peak: number; anonymous: number; files: number }[] = [];
  for await (const event of runExperiment(made, { folder, checkMemory: false })) {
    const type = event.type === "stage-progress" ? event.event.type : event.type;
    events.push({ type, peak: inStatus("VmHWM"), anonymous: inStatus("RssAnon"), files: inStatus("RssFile") });
  }
  return { peak: inStatus("VmHWM"), events };
}

/** Returns an entry of Linux's status of this process, in bytes. */
function inStatus(name: string): number {
  const [, kilobytes = NaN] =
    new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return 1024 * Number(kilobytes);
}
