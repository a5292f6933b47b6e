/**
 * Makes checkpoints/mini-llama2 with mlan itself: learns the tokenizer, then trains a random Llama phase by phase.
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
  deriveSeed,
  MODEL,
  type TrainableModel,
  trainableModel,
  TRAINER,
  writeFileAtomically,
  V1_SYSTEM_PROMPT,
} from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { z } from "zod";
import { boolqRow } from "../../packages/data-miniworld/src/boolq.ts";
import { popeImage } from "../../packages/data-miniworld/src/pope.ts";
import { languageItem } from "../../packages/data-miniworld/src/tuning.ts";
import { checklist, chronicle, debate, essay, finish, inventory, report, tickList } from "./documents.ts";
import { publishLlama } from "./publish-llama.ts";
import { type LlamaSizes, writeRandomLlama } from "./random-llama.ts";
import { countUnits, learnMerges, tokenizerFile, TOKENIZER_CONFIGURATION } from "./train-tokenizer.ts";

const SEED = 1;
const SIZES = { hidden: 128, intermediate: 352, layers: 4, heads: 4 };
const BATCH = 32;

interface Phase {
  readonly name: string;
  readonly document: (seed: number, index: number) => string;
  /** Steps of the half cosine of the learning rate; the phase may end before it, while the rate is still high. */
  readonly schedule: number;
  readonly steps: number;
  readonly learningRate: number;
}

const PHASES: readonly Phase[] = [
  { name: "checklists", document: checklist, schedule: 1200, steps: 300, learningRate: 1e-3 },
  { name: "inventories", document: inventory, schedule: 2000, steps: 700, learningRate: 1e-3 },
  { name: "reports", document: report, schedule: 1800, steps: 1000, learningRate: 1e-3 },
  { name: "essays", document: essay, schedule: 1000, steps: 500, learningRate: 1e-3 },
  { name: "debates", document: debate, schedule: 700, steps: 500, learningRate: 1e-3 },
  { name: "tick lists", document: tickList, schedule: 450, steps: 300, learningRate: 1e-3 },
  { name: "finish", document: finish, schedule: 500, steps: 500, learningRate: 1e-3 },
  { name: "chronicles", document: chronicle, schedule: 450, steps: 450, learningRate: 1e-3 },
];

const [workFolder = `${tmpdir()}/mlan-mini-llama2`, firstPhase] = process.argv.slice(2);
const work = pathToFileURL(`${workFolder}/`);
const target = new URL("../../packages/data-miniworld/checkpoints/mini-llama2/", import.meta.url);
const saved = new URL("saved/", work);
const isResumed = firstPhase !== undefined;
const start = isResumed ? saved : new URL("start/", work);
await mkdir(start, { recursive: true });
const sizes = isResumed ? await readSizes(start) : await writeTokenizer(start);
if (!isResumed) await writeRandomLlama(start, sizes, SEED);

await using scope = createScope([llama2({ weights: start }), cpuTrainer()]);
const trainer = scope.get(TRAINER);
const model = trainableModel(await scope.get(MODEL).open({ seed: SEED }));
const curve: Record<string, unknown>[] = [];
const first = isResumed ? PHASES.findIndex(({ name }) => name === firstPhase) : 0;
if (first < 0)
  throw new Error(`There is no phase "${firstPhase}". The phases are ${PHASES.map(({ name }) => name).join(", ")}.`);
for (const phase of PHASES.slice(first)) {
  await train(model, phase);
  await publish(model);
}

async function readSizes(folder: URL): Promise<LlamaSizes> {
  const config = z
    .object({ vocab_size: z.int() })
    .parse(JSON.parse(await readFile(new URL("config.json", folder), "utf8")));
  return { ...SIZES, vocabulary: config.vocab_size };
}

async function writeTokenizer(folder: URL): Promise<LlamaSizes> {
  const merges = learnMerges(countUnits(sampleTexts()), 1000);
  const file = tokenizerFile(merges);
  await writeFileAtomically(new URL("tokenizer.json", folder), JSON.stringify(file));
  await writeFileAtomically(
    new URL("tokenizer_config.json", folder),
    `${JSON.stringify(TOKENIZER_CONFIGURATION, undefined, 2)}\n`,
  );
  const { vocab } = file.model;
  return { ...SIZES, vocabulary: Object.keys(vocab).length };
}

/** Samples of all texts of the world, and of the text around them: prompts of the benchmarks and the two templates. */
function* sampleTexts(): Iterable<string> {
  for (let index = 0; index < 4000; index++) {
    yield inventory(SEED, index);
    yield report(SEED, index);
    const { passage, question } = boolqRow(index, index);
    yield `Context: ${passage}\nQuestion: ${question}? The best answer is "yes" or 'no'. User: Assistant: Among`;
    for (const row of popeImage(index, index).rows) yield `\n${row.question}`;
    for (const { value } of languageItem(deriveSeed(SEED, `sample ${index}`), "").row.conversations)
      yield `${value}\n${value}`;
    yield `${V1_SYSTEM_PROMPT} USER: Yes ASSISTANT: No`;
  }
}

async function train(trained: TrainableModel, phase: Phase): Promise<void> {
  const recipe = instructionTuning({
    trained: ["language"],
    format: { template: "plain", maximumLength: 256 },
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
    if (event.type !== "step-end") continue;
    if (event.step % 20 !== 0) continue;
    const point = {
      phase: phase.name,
      step: event.step,
      loss: Number(event.loss.toFixed(4)),
      seconds: Number(event.seconds.toFixed(2)),
    };
    curve.push(point);
    console.log(JSON.stringify(point));
    if (event.step >= phase.steps) break;
  }
}

function corpus({ name, document, schedule }: Phase): Dataset<Conversation> {
  return defineDataset({
    name: `miniworld-${name}`,
    rows: async () => Array.from({ length: schedule * BATCH }, (_, index) => document(SEED, index)),
    toExample: (text, index) => ({
      id: String(index),
      turns: [
        { role: "user" as const, text: "" },
        { role: "assistant" as const, text },
      ],
      images: [],
    }),
    fingerprint: () => `${name} ${SEED} ${schedule * BATCH}`,
  });
}

async function publish(trained: TrainableModel): Promise<void> {
  await trained.save(saved);
  await publishLlama(saved, target, sizes, {
    command: "npx tsx --conditions=@mlan/source tools/miniworld/pretrain-language.ts",
    seed: SEED,
    sizes,
    batch: BATCH,
    phases: PHASES.map(({ name, schedule, steps, learningRate }) => ({ name, schedule, steps, learningRate })),
    curve,
  });
}
