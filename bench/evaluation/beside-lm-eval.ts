import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Measurement } from "../measurement.ts";
import { atEqualThroughput, printThroughput, type Throughputs } from "../throughput.ts";
import { startPython, startSource } from "../start-workers.ts";
import { type CheckpointName, writeCheckpoint } from "./checkpoints.ts";
import { type Evaluated, type EvaluationWorker, evaluationWorkerOf } from "./evaluation-worker.ts";
import { type LanguageTask, languageTasks, MAXIMUM_NEW_TOKENS, STOP } from "./language-tasks.ts";
import { lexiconOf } from "./lexicon.ts";

export interface BesideOptions {
  readonly checkpoint: CheckpointName;
  /** Fraction of the published number of questions. */
  readonly share: number;
  readonly rounds: number;
  readonly threads: number;
  /** Whether lm-eval measures its batch size. The logits of 64 rows of 1024 positions must fit in memory twice. */
  readonly detect: boolean;
}

/**
 * Minimum fraction of equal answers. Near-ties of random weights may differ, because the sides sum in different orders.
 */
const EQUAL_ANSWERS = 0.99;

/** Prints questions per second of the engine and of lm-eval's `hf` on the same questions. */
export async function besideLmEval({ checkpoint, share, rounds, threads, detect }: BesideOptions): Promise<void> {
  const folder = pathToFileURL(join(await mkdtemp(join(tmpdir(), "mlan-bench-")), "/"));
  const workers: EvaluationWorker[] = [];
  try {
    const { description, folder: weights, pieces } = await writeCheckpoint(checkpoint, folder);
    const tasks = languageTasks(lexiconOf(pieces), share);
    const file = new URL("tasks.json", folder);
    await writeFile(file, JSON.stringify(tasks));
    const peer = startPython("lm-eval", "peers/lm_eval_hf.py", [
      "torch",
      "transformers",
      "accelerate",
      "datasets",
      "lm_eval",
    ]);
    for (const started of [startSource("mlan", "peers/mlan-evaluation.ts"), ...(peer ? [peer] : [])])
      workers.push(evaluationWorkerOf(started));
    const paths = { checkpoint: fileURLToPath(weights), tasks: fileURLToPath(file) };
    const versions = [];
    for (const worker of workers) {
      const setup = { ...paths, stop: STOP, maximumNewTokens: MAXIMUM_NEW_TOKENS, threads };
      versions.push((await worker.setup(setup)).versions);
    }
    console.log(`\n${description}, ${countsOf(tasks)} questions, ${MAXIMUM_NEW_TOKENS} new tokens`);
    console.log(`${versions.join(" and ")}; ${threads} threads of ${cpus()[0]?.model}`);
    await measure(workers, rounds, detect, await printThroughput(workers));
  } finally {
    for (const worker of workers) worker.stop();
    await rm(folder, { recursive: true });
  }
}

async function measure(
  workers: readonly EvaluationWorker[],
  rounds: number,
  detect: boolean,
  throughputs: Throughputs,
): Promise<void> {
  const warm = workers.map(() => new Measurement());
  const processor = workers.map(() => new Measurement());
  const first: number[] = [];
  const detection: number[] = [];
  let questions = 0;
  for (const worker of workers) detection.push(await rowsOf(worker, detect));
  for (let round = 0; round <= rounds; round++) {
    const evaluated: Evaluated[] = [];
    for (const [index, worker] of workers.entries()) {
      const one = await worker.evaluate();
      evaluated.push(one);
      questions = Object.keys(one.answers).length;
      if (round === 0) first.push(one.milliseconds);
      else {
        warm[index]?.add(one.milliseconds);
        processor[index]?.add(one.processorMilliseconds);
      }
      if (one.notes && (round === 0 || round === rounds)) console.log(`  ${worker.name}, round ${round}: ${one.notes}`);
    }
    assertEqualWork(evaluated, round);
  }
  for (const [index, { name }] of workers.entries()) {
    const rates = [first[index] ?? NaN, warm[index]?.median ?? NaN].map((time) => rate(questions, time));
    console.log(`  ${name}: ${rates[1]} questions/s, ${rates[0]} in the first round; ${warm[index]} a round`);
    console.log(`    processor time ${processor[index]} a round`);
  }
  const [own, peer] = workers;
  if (own && peer && throughputs.claim(peer.name))
    printRatios({ first, warm, processor, detection }, throughputs.relative(own.name, peer.name));
}

async function rowsOf(worker: EvaluationWorker, measured: boolean): Promise<number> {
  const { milliseconds, rows } = await worker.detect(measured);
  const how = measured ? `found by batch auto in ${milliseconds.toFixed(0)} ms` : "the most that batch auto tries";
  if (rows !== undefined) console.log(`  ${worker.name}: ${rows} rows, ${how}`);
  return measured ? milliseconds : NaN;
}

function assertEqualWork([ours, theirs]: readonly Evaluated[], round: number): void {
  if (ours === undefined || theirs === undefined) return;
  if (ours.promptPositions !== theirs.promptPositions)
    throw new Error(`the prompts have ${ours.promptPositions} and ${theirs.promptPositions} tokens`);
  const ids = Object.keys(theirs.answers);
  const other = ids.filter((id) => ours.answers[id] !== theirs.answers[id]);
  const equal = 1 - other.length / ids.length;
  if (round === 0) {
    const tokens = (ours.promptPositions / ids.length).toFixed(0);
    console.log(`  ${tokens} tokens per prompt; ${(100 * equal).toFixed(2)} % of the answers are equal`);
  }
  if (equal >= EQUAL_ANSWERS) return;
  const [id = ""] = other;
  const texts = [ours, theirs].map(({ answers }) => JSON.stringify(answers[id])).join(" and ");
  throw new Error(`round ${round}: ${other.length} of ${ids.length} answers differ; ${id}: ${texts}`);
}

interface Times {
  readonly first: readonly number[];
  readonly warm: readonly Measurement[];
  readonly processor: readonly Measurement[];
  /** NaN if not measured. */
  readonly detection: readonly number[];
}

/** Batch size detection counts once, as in a run of lm-eval. The ratio without it is the conservative one. */
function printRatios({ first, warm, processor, detection }: Times, relativeThroughput: number): void {
  const [own = NaN, theirs = NaN] = warm.map(({ median }) => median);
  const ratio = ([one = NaN, other = NaN]: readonly number[]): string => `${(other / one).toFixed(2)} x`;
  const equal = atEqualThroughput(theirs / own, 1 / relativeThroughput);
  console.log(`  ${ratio([own, theirs])} questions/s (${equal}), without detection`);
  const [, detected = NaN] = detection;
  if (!Number.isNaN(detected))
    console.log(`  ${ratio([own, theirs + detected])} with detection, with which every run of lm-eval begins`);
  console.log(`  ${ratio(first)} in the first round, which compiles, without detection`);
  console.log(`  ${ratio(processor.map(({ median }) => median))} less processor time`);
}

function countsOf(tasks: readonly LanguageTask[]): string {
  return tasks.map(({ name, questions }) => `${questions.length} ${name}`).join(" + ");
}

function rate(questions: number, milliseconds: number): string {
  return ((1000 * questions) / milliseconds).toFixed(1);
}
