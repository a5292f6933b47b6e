/**
 * The same questions to models in 32, 8 and 4 bits: how many answers are equal, and scores with their differences. Asks the
 * nine benchmarks of the mini world on a mini model that is tuned first, and the four language benchmarks of invented text
 * on a random model of 23 M parameters. Float32 with weights rounded to bfloat16 is the control. Fails if fewer than 98% of
 * the mini model's answers, or of the random model's choices by likelihood, are equal at int8 and float32; the random
 * model's texts of 20 tokens are only printed.
 * `npm run bench:format-answers [-- --models mini,23m] [--formats int8,int4] [--steps 60] [--share 0.01] [--threads 2]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { onnx } from "@mlan/backend-onnx";
import { createScope, MODEL } from "@mlan/core";
import { writeMiniworld } from "@mlan/data-miniworld";
import { compareResults, comparisonTable } from "@mlan/eval-compare";
import { generation } from "@mlan/eval-generation";
import { likelihood } from "@mlan/eval-likelihood";
import { llama2 } from "@mlan/model-llama2";
import {
  answersInFormat,
  equalAnswers,
  type FormatAnswers,
  type FormatQuestions,
  type WeightFormat,
} from "../tools/benchmarks/format-answers.ts";
import { benchmarksOf } from "../tools/benchmarks/test/nine-benchmarks.ts";
import { writeCheckpoint } from "./evaluation/checkpoints.ts";
import { languageTasks, MAXIMUM_NEW_TOKENS, STOP } from "./evaluation/language-tasks.ts";
import { lexiconOf } from "./evaluation/lexicon.ts";
import { taskBenchmark } from "./evaluation/task-benchmark.ts";
import { tuneMini } from "./formats/tuned-mini.ts";

/** Minimum share of a model's answers that are equal to those at float32. */
const BARS: Readonly<Partial<Record<WeightFormat, number>>> = { int8: 0.98 };

const MOST_MARGINS = 20;

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: "mini,23m" },
    formats: { type: "string", default: "int8,int4" },
    /** Of each tuning stage of the mini model. */
    steps: { type: "string", default: "60" },
    /** Of the published numbers of questions, for the model of 23 M parameters. */
    share: { type: "string", default: "0.01" },
    threads: { type: "string", default: "2" },
  },
});
const threads = Number(options.threads);
const formats = options.formats.split(",").map((name): WeightFormat => {
  if (name !== "int8" && name !== "int4") throw new Error(`--formats ${name} is neither int8 nor int4`);
  return name;
});

/** About 100 questions of each benchmark. */
const ABOUT_100_EACH = {
  seed: 7,
  raceArticles: 60,
  openbookqaQuestions: 100,
  boolqQuestions: 100,
  hellaswagSources: 50,
  realworldqaImages: 100,
  ai2dImages: 34,
  popeImages: 25,
  gqaImages: 25,
  scienceqaImages: 25,
};

const MODELS: Readonly<Record<string, (folder: URL) => Promise<readonly Asked[]>>> = {
  async mini(folder) {
    const world = await writeMiniworld(new URL("world/", folder), ABOUT_100_EACH);
    const weights = await tuneMini(folder, { world, steps: Number(options.steps), threads });
    const benchmarks = Object.values(benchmarksOf(world));
    const asked = { weights, benchmarks, protocol: "strict", evaluator: generation(), threads };
    return [{ ...asked, title: `mini model, tuned in ${options.steps} steps`, hasBar: true }];
  },
  async "23m"(folder) {
    const { description, folder: weights, pieces } = await writeCheckpoint("23m", folder);
    const tasks = languageTasks(lexiconOf(pieces), Number(options.share));
    const benchmarks = tasks.map((task) => taskBenchmark(task, STOP, MAXIMUM_NEW_TOKENS));
    return [generation(), likelihood()].map((evaluator) => ({
      title: `${description}, ${evaluator.name}`,
      weights,
      benchmarks,
      protocol: "paper",
      evaluator,
      threads,
      // Each of the 20 tokens that random weights choose is nearly a tie.
      hasBar: evaluator.name !== "@mlan/eval-generation",
    }));
  },
};

interface Asked extends FormatQuestions {
  readonly title: string;
  readonly hasBar: boolean;
}

const failures: string[] = [];
for (const name of options.models.split(",")) {
  const prepare = MODELS[name];
  if (prepare === undefined) throw new Error(`--models ${name} is not one of ${Object.keys(MODELS).join(", ")}`);
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-bench-"))}/`);
  try {
    for (const asked of await prepare(folder)) failures.push(...(await compareFormats(asked)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
for (const failure of failures) console.log(failure);
process.exitCode = failures.length > 0 ? 1 : 0;

/** Prints a comparison of a control and of each format with float32, and returns which formats are below their bars. */
async function compareFormats({ title, hasBar, ...questions }: Asked): Promise<readonly string[]> {
  const exact = await answersInFormat("float32", questions);
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-bench-"))}/`);
  const rounded = new URL("bfloat16/", folder);
  await createScope([llama2({ weights: questions.weights }), onnx({ threads })])
    .get(MODEL)
    .export?.(rounded, { dtype: "bfloat16" });
  const control = await answersInFormat("float32", { ...questions, weights: rounded });
  await rm(folder, { recursive: true });
  compare(`${title}: the control, float32 with weights rounded to bfloat16, compared with float32`, exact, control);
  const below: string[] = [];
  for (const format of formats) {
    const answers = await answersInFormat(format, questions);
    const equal = compare(`${title}: ${format} compared with float32`, exact, answers);
    const bar = hasBar ? (BARS[format] ?? 0) : 0;
    if (equal < bar)
      below.push(`${title}: ${percent(equal)} of the answers at ${format} are equal, below ${percent(bar)}`);
  }
  return below;
}

/** Prints scores and equal answers, and returns the share of equal answers. */
function compare(title: string, exact: readonly FormatAnswers[], rounded: readonly FormatAnswers[]): number {
  console.log(`\n${title}`);
  console.log(comparisonTable(compareResults(exact, rounded)).join("\n"));
  let [equal, all] = [0, 0];
  const margins: number[] = [];
  for (const [index, one] of exact.entries()) {
    const other = rounded[index];
    if (other === undefined) throw new Error(`${one.benchmark} was asked in one format only`);
    const found = equalAnswers(one, other);
    console.log(`  ${one.benchmark.padEnd(12)} ${share(found.equal, found.questions)} equal answers`);
    equal += found.equal;
    all += found.questions;
    margins.push(...found.margins);
  }
  console.log(`  ${"all".padEnd(12)} ${share(equal, all)} equal answers`);
  const sorted = margins.toSorted((left, right) => left - right).map((margin) => margin.toFixed(3));
  if (sorted.length > 0)
    console.log(`  margins, at float32, of the tokens that changed: ${sorted.slice(0, MOST_MARGINS).join(", ")}`);
  return equal / all;
}

function share(equal: number, all: number): string {
  return `${percent(equal / all)} (${equal} of ${all})`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
