/**
 * Makes checkpoints/mini-llama2 and checkpoints/mini-vicuna with mlan itself: learns the tokenizer, trains a random Llama
 * phase by phase on texts, and tunes it on chats.
 * `npx tsx --conditions=@mlan/source tools/miniworld/pretrain-language.ts [work folder] [first phase]`
 * With a first phase, it starts from the weights of the previous phase in the work folder.
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import {
  type Conversation,
  createScope,
  type Dataset,
  defineDataset,
  MODEL,
  type TrainableModel,
  trainableModel,
  TRAINER,
  writeFileAtomically,
} from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { z } from "zod";
import { learningAnswers } from "./learn-answers.ts";
import { type Phase, PHASES } from "./phases.ts";
import { publishLlama } from "./publish-llama.ts";
import { type LlamaSizes, writeRandomLlama } from "./random-llama.ts";
import { sampleTexts } from "./sample-texts.ts";
import { countUnits, learnMerges, tokenizerFile, TOKENIZER_CONFIGURATION } from "./train-tokenizer.ts";

const SEED = 1;
const SIZES = { hidden: 128, intermediate: 352, layers: 5, heads: 4 };
const BATCH = 32;

const [workFolder = `${tmpdir()}/mlan-mini-llama2`, firstPhase] = process.argv.slice(2);
const work = pathToFileURL(`${workFolder}/`);
const saved = new URL("saved/", work);
const curveFile = new URL("curve.json", work);
const isResumed = firstPhase !== undefined;
const start = isResumed ? saved : new URL("start/", work);
await mkdir(start, { recursive: true });
if (!isResumed) await writeTokenizer(start);
const vocabulary = await readVocabulary(start);
const sizes: LlamaSizes = { ...SIZES, vocabulary: Object.keys(vocabulary).length };
if (!isResumed) {
  const pieces = Object.keys(vocabulary).toSorted((one, other) => (vocabulary[one] ?? 0) - (vocabulary[other] ?? 0));
  await writeRandomLlama(start, pieces, sizes, SEED);
}

await using scope = createScope([llama2({ weights: start }), cpuTrainer()]);
const trainer = scope.get(TRAINER);
const model = trainableModel(await scope.get(MODEL).open({ seed: SEED }));
const learner = learningAnswers(model, vocabulary);
const curve: unknown[] = isResumed ? z.array(z.unknown()).parse(JSON.parse(await readFile(curveFile, "utf8"))) : [];
const first = isResumed ? PHASES.findIndex(({ name }) => name === firstPhase) : 0;
if (first < 0)
  throw new Error(`There is no phase "${firstPhase}". The phases are ${PHASES.map(({ name }) => name).join(", ")}.`);
for (const phase of PHASES.slice(first)) {
  await train(phase.template === "plain" ? learner : model, phase);
  await model.save(saved);
  await writeFileAtomically(curveFile, JSON.stringify(curve));
  await publishLlama(saved, checkpointOf(phase), sizes, {
    command: "npx tsx --conditions=@mlan/source tools/miniworld/pretrain-language.ts",
    seed: SEED,
    sizes,
    batch: BATCH,
    phases: PHASES.slice(0, PHASES.indexOf(phase) + 1),
    curve,
  });
}

function checkpointOf({ checkpoint }: Phase): URL {
  return new URL(`../../packages/data-miniworld/checkpoints/${checkpoint}/`, import.meta.url);
}

async function readVocabulary(folder: URL): Promise<Readonly<Record<string, number>>> {
  const file = z.object({ model: z.object({ vocab: z.record(z.string(), z.int()) }) });
  return file.parse(JSON.parse(await readFile(new URL("tokenizer.json", folder), "utf8"))).model.vocab;
}

async function writeTokenizer(folder: URL): Promise<void> {
  const file = tokenizerFile(learnMerges(countUnits(sampleTexts(SEED)), 1200));
  await writeFileAtomically(new URL("tokenizer.json", folder), JSON.stringify(file));
  await writeFileAtomically(
    new URL("tokenizer_config.json", folder),
    `${JSON.stringify(TOKENIZER_CONFIGURATION, undefined, 2)}\n`,
  );
}

async function train(trained: TrainableModel, phase: Phase): Promise<void> {
  const recipe = instructionTuning({
    trained: ["language"],
    format: { template: phase.template, maximumLength: 320 },
    batchSize: BATCH,
    microBatchSize: BATCH,
    learningRate: phase.learningRate,
    groupByModality: false,
    maximumGradientNorm: 1,
    checkpointEvery: 500,
  });
  const folder = new URL(`${phase.name.replace(" ", "-")}/`, work);
  await rm(folder, { recursive: true, force: true });
  for await (const event of trainer.train({ model: trained, data: corpus(phase), recipe, seed: SEED, folder })) {
    if (event.type !== "step-end" || event.step % 20 !== 0) continue;
    const point = { phase: phase.name, step: event.step, loss: Number(event.loss.toFixed(4)) };
    curve.push(point);
    console.log(JSON.stringify({ ...point, seconds: Number(event.seconds.toFixed(2)) }));
    if (event.step >= phase.steps) break;
  }
}

function corpus({ name, example, schedule }: Phase): Dataset<Conversation> {
  return defineDataset({
    name: `miniworld-${name}`,
    rows: async () => Array.from({ length: schedule * BATCH }, (_, index) => example(SEED, index)),
    toExample: (turns, index) => ({ id: String(index), turns, images: [] }),
    fingerprint: () => `${name} ${SEED} ${schedule * BATCH}`,
  });
}
