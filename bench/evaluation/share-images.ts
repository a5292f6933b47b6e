import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import {
  type Benchmark,
  type BenchmarkResult,
  createScope,
  EVALUATOR,
  MODEL,
  type Model,
  trainableModel,
} from "@mlan/core";
import { imageFromFile } from "@mlan/data-kit";
import { writeMiniworld } from "@mlan/data-miniworld";
import { pope, type PopeQuestion } from "@mlan/data-pope";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { memoryDataset } from "@mlan/testing";
import { writeCheckpoint } from "./checkpoints.ts";
import { lexiconOf, textSource } from "./lexicon.ts";
import { writeTower } from "../checkpoint/tower.ts";

const QUESTIONS_PER_IMAGE = 18;

export interface ShareImagesOptions {
  readonly images: number;
  readonly threads: number;
}

/** Prints prefill positions and times of POPE-shaped questions, with and without shared prefixes. */
export async function shareImages({ images, threads }: ShareImagesOptions): Promise<void> {
  const folder = pathToFileURL(join(await mkdtemp(join(tmpdir(), "mlan-bench-")), "/"));
  try {
    const { folder: weights, pieces } = await writeCheckpoint("mini", folder);
    const visionTower = new URL("tower/", folder);
    await writeTower(visionTower);
    const source = createScope([llama2({ weights, visionTower }), onnx({ threads })]).get(MODEL);
    const model = trainableModel(await source.open());
    model.setFormat({ ...model.format, template: "v1" });
    const questions = await questionsOf(folder, images, pieces);
    const { protocols, protocol, extractors } = pope();
    const rows = memoryDataset("pope-shaped", questions);
    const benchmark: Benchmark<PopeQuestion> = { ...rows, protocols, protocol, extractors };
    console.log(
      `\n${images} images of 576 positions x ${QUESTIONS_PER_IMAGE} questions, mini-llama2 and a small tower`,
    );
    const [without, shared] = await inTurns(model, benchmark);
    model.dispose();
    print("without sharing", without);
    print("with sharing   ", shared);
    console.log(
      `  ${(without.positions.computed / shared.positions.computed).toFixed(1)} x fewer positions, ` +
        `${(without.seconds / shared.seconds).toFixed(2)} x faster; equal answers`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs both in turns and returns the second round of each, because the first compiles. */
async function inTurns(model: Model, benchmark: Benchmark<PopeQuestion>): Promise<readonly [Run, Run]> {
  await answerAll(model, benchmark, false);
  await answerAll(model, benchmark, true);
  const without = await answerAll(model, benchmark, false);
  const shared = await answerAll(model, benchmark, true);
  for (const [id, text] of without.answers)
    if (shared.answers.get(id) !== text) throw new Error(`shared prefixes change the answer to ${id}`);
  return [without, shared];
}

interface Run extends Pick<BenchmarkResult, "positions" | "seconds"> {
  readonly answers: ReadonlyMap<string, string>;
}

async function answerAll(model: Model, benchmark: Benchmark<PopeQuestion>, sharePrefixes: boolean): Promise<Run> {
  const { evaluate } = createScope([generation({ sharePrefixes })]).get(EVALUATOR);
  const answers = new Map<string, string>();
  for await (const event of evaluate({ model, benchmark, protocol: "paper" })) {
    if (event.type === "question-answered") answers.set(event.answer.id, event.answer.answer);
    if (event.type === "evaluate-end") return { ...event.result, answers };
  }
  throw new Error("the evaluation has no end");
}

async function questionsOf(folder: URL, images: number, pieces: readonly string[]): Promise<readonly PopeQuestion[]> {
  const world = await writeMiniworld(new URL("world/", folder), {
    popeImages: images,
    boolqQuestions: 1,
    captions: 8,
    instructions: 8,
  });
  const pictures = new URL("images/", world.pope);
  const text = textSource(lexiconOf(pieces), 3);
  return (await readdir(pictures)).flatMap((name) => {
    const image = imageFromFile(pictures, name);
    return Array.from({ length: QUESTIONS_PER_IMAGE }, (_, index): PopeQuestion => {
      const question = `Is there a ${text.words(1 + Math.floor(text.random() * 2))} in the image?`;
      const target = index % 2 === 0 ? "yes" : "no";
      return { id: `${name}/${index}`, images: [image], question, target, cluster: name };
    });
  });
}

function print(name: string, { positions, seconds }: Run): void {
  console.log(`  ${name}: ${positions.computed} of ${positions.prompts} positions computed, ${seconds.toFixed(2)} s`);
}
