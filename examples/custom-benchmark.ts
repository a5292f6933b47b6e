/**
 * A benchmark of your own, with two protocols: `paper` asks and reads answers as some earlier code did, so that its figures
 * can be compared with published ones, and `strict` accepts only what was asked for. Results of the two are never mixed.
 *
 *   npm run mlan -- run examples/custom-benchmark.ts
 *   npm run mlan -- show runs/custom-benchmark
 *
 * `mlan eval --benchmark examples/custom-benchmark.ts:colors` asks any model. The rows are written to
 * runs/custom-benchmark-data here.
 */
import { type Benchmark, type Choice, evaluate, experiment, type Question } from "@mlan/core";
import {
  type BenchmarkOptions,
  choiceLines,
  defineBenchmark,
  firstMention,
  lettered,
  strictChoice,
} from "@mlan/data-kit";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer } from "@mlan/trainer-cpu";
import { mkdir, writeFile } from "node:fs/promises";
import { z } from "zod";

const folder = new URL("../runs/custom-benchmark-data/", import.meta.url);
await mkdir(folder, { recursive: true });
const COLORS = ["red", "green", "blue", "yellow"];
const asked = COLORS.flatMap((color) => ["circle", "square", "star"].map((shape) => ({ color, shape })));
const rows = asked.map((thing) => ({ ...thing, options: COLORS }));
await writeFile(new URL("test.jsonl", folder), rows.map((one) => `${JSON.stringify(one)}\n`).join(""));

export interface ColorQuestion extends Question {
  readonly text: string;
  readonly choices: readonly Choice[];
}

export const colors: (options?: BenchmarkOptions) => Benchmark<ColorQuestion> = defineBenchmark({
  name: "colors",
  published: {
    location: folder,
    files: ["test.jsonl"],
    license: "CC0-1.0",
    citation: "Examples of mlan, 2026",
    modality: "text",
  },
  row: z.object({ color: z.string(), shape: z.string(), options: z.array(z.string()).min(2) }),
  question: ({ color, shape, options }, id): ColorQuestion => ({
    id,
    images: [],
    text: `Nora has a ${color} ${shape}. What color is the ${shape}?`,
    choices: lettered(options),
    target: lettered(options)[options.indexOf(color)]?.label ?? "",
    // Questions about the same shape depend on each other, which widens the interval of the accuracy.
    cluster: shape,
  }),
  protocols: {
    strict: {
      version: 1,
      // The model's own wording turns the text and the beginning of the answer into a prompt.
      ask: ({ text, choices }) => ({ user: `${text}\n${choiceLines(choices)}`, answerStart: 'The best answer is "' }),
      maximumNewTokens: 8,
      extractor: strictChoice,
    },
    paper: {
      version: 1,
      // The same text for every model, as the earlier code sent it.
      prompt: ({ text, choices }) => ({
        kind: "raw",
        text: `${text}\n${choiceLines(choices)}\nAnswer:`,
        beginOfSequence: true,
      }),
      maximumNewTokens: 16,
      extractor: firstMention,
    },
  },
});

export default experiment({
  name: "custom-benchmark",
  use: [llama2({ weights: miniCheckpoint("mini-llama2") }), cpuTrainer(), generation()],
  stages: [
    evaluate({ name: "strict", benchmarks: [colors()], protocol: "strict" }),
    evaluate({ name: "paper", benchmarks: [colors()], protocol: "paper" }),
  ],
});
