/**
 * Creates checkpoints/mini-llama2 and checkpoints/mini-vicuna with mlan itself: trains the tokenizer, trains a random
 * Llama on texts in phases, and tunes it on chats.
 * `npx tsx --conditions=@mlan/source tools/miniworld/pretrain-language.ts [work folder] [first phase]` With a first
 * phase, it starts from the weights of the previous phase in the work folder.
 */
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import {
  type Conversation,
  createScope,
  type Dataset,
  defineDataset,
  MODEL,
  type TrainableModel,
  type Trainer,
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

interface CurvePoint {
  readonly phase: string;
  readonly step: number;
  readonly loss: number;
}

const SEED = 1;
const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json"];
const WIDTHS = { hidden: 128, intermediate: 352, heads: 4 };
const BATCH = 32;

const [workFolder = `${tmpdir()}/mlan-mini-llama2`, firstPhase = PHASES[0]?.name] = process.argv.slice(2);
const work = pathToFileURL(`${workFolder}/`);
const curveFile = new URL("curve.json", work);
const first = PHASES.findIndex(({ name }) => name === firstPhase);
if (first < 0)
  throw new Error(`There is no phase "${firstPhase}". The phases are ${PHASES.map(({ name }) => name).join(", ")}.`);
if (first === 0) {
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await writeTokenizer(work);
}
const vocabulary = await readVocabulary(work);
const curve = first > 0 ? await readCurve(PHASES.slice(0, first)) : [];
for (const [index, phase] of PHASES.entries()) if (index >= first) await run(phase, PHASES[index - 1]);

/** Trains the weights of the previous phase. Adds layers first if that phase had fewer. */
async function run(phase: Phase, previous: Phase | undefined): Promise<void> {
  const sizes: LlamaSizes = { ...WIDTHS, layers: phase.layers, vocabulary: Object.keys(vocabulary).length };
  const weights = await startOf(sizes, previous);
  await using scope = createScope([llama2({ weights }), cpuTrainer()]);
  const model = trainableModel(await scope.get(MODEL).open({ seed: SEED }));
  const learner = phase.template === "plain" ? learningAnswers(model, vocabulary) : model;
  await train(scope.get(TRAINER), learner, phase);
  const saved = savedOf(phase);
  await model.save(saved);
  await writeFileAtomically(curveFile, JSON.stringify(curve));
  if (!phase.checkpoint) return;
  const target = new URL(`../../packages/data-miniworld/checkpoints/${phase.checkpoint}/`, import.meta.url);
  await publishLlama(saved, target, sizes, {
    command: "npx tsx --conditions=@mlan/source tools/miniworld/pretrain-language.ts",
    seed: SEED,
    sizes,
    batch: BATCH,
    phases: PHASES.slice(0, PHASES.indexOf(phase) + 1),
    curve,
  });
}

async function startOf(sizes: LlamaSizes, previous: Phase | undefined): Promise<URL> {
  if (previous?.layers === sizes.layers) return savedOf(previous);
  const start = new URL(`start-${sizes.layers}/`, work);
  await mkdir(start, { recursive: true });
  for (const name of TOKENIZER_FILES) await copyFile(new URL(name, work), new URL(name, start));
  const pieces = Object.keys(vocabulary).toSorted((one, other) => (vocabulary[one] ?? 0) - (vocabulary[other] ?? 0));
  await writeRandomLlama(start, { pieces, sizes, seed: SEED, smaller: previous && savedOf(previous) });
  return start;
}

function savedOf({ name }: Phase): URL {
  return new URL(`${name.replaceAll(" ", "-")}-saved/`, work);
}

/** Reads the losses of these phases. Those of later phases belong to the run that is done again. */
async function readCurve(phases: readonly Phase[]): Promise<CurvePoint[]> {
  const points = z.array(z.object({ phase: z.string(), step: z.int(), loss: z.number() }));
  const found = points.parse(JSON.parse(await readFile(curveFile, "utf8")));
  return found.filter(({ phase }) => phases.some(({ name }) => name === phase));
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

async function train(trainer: Trainer, model: TrainableModel, phase: Phase): Promise<void> {
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
  const folder = new URL(`${phase.name.replaceAll(" ", "-")}/`, work);
  await rm(folder, { recursive: true, force: true });
  for await (const event of trainer.train({ model, data: corpus(phase), recipe, seed: SEED, folder })) {
    if (event.type !== "step-end" || event.step % 20 !== 0) continue;
    const point = { phase: phase.name, step: event.step, loss: Number(event.loss.toFixed(4)) };
    curve.push(point);
    console.log(JSON.stringify({ ...point, seconds: Number(event.seconds.toFixed(2)) }));
  }
}

function corpus({ name, example, steps }: Phase): Dataset<Conversation> {
  return defineDataset({
    name: `miniworld-${name}`,
    rows: async () => Array.from({ length: steps * BATCH }, (_, index) => example(SEED, index)),
    toExample: (turns, index) => ({ id: String(index), turns, images: [] }),
    fingerprint: () => `${name} ${SEED} ${steps * BATCH}`,
  });
}
