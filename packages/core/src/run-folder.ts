import { appendFile, mkdir, readFile } from "node:fs/promises";
import { writeFileAtomically } from "./atomic-files.ts";
import { MlanError } from "./errors.ts";
import { pathOf } from "./path-of.ts";
import type { TokenCounts } from "./model.ts";
import type { StageResult } from "./stage.ts";
import type { StepEndEvent } from "./trainer.ts";

/** What was run, and how far it is. */
export interface Manifest {
  readonly formatVersion: 1;
  /** What decides the outcome; a folder is resumed only by an experiment with an equal plan. */
  readonly plan: ExperimentPlan;
  readonly versions: Readonly<Record<string, string>>;
  readonly created: string;
  readonly stages: Readonly<Record<string, StageStatus>>;
}

export interface ExperimentPlan {
  readonly name: string;
  readonly seed: number;
  readonly plugins: readonly { readonly name: string; readonly settings?: unknown }[];
  readonly stages: readonly { readonly name: string; readonly kind: string; readonly settings: unknown }[];
}

export interface StageStatus {
  readonly done: boolean;
  readonly started: string;
  readonly finished?: string;
  /** Of the data that a training stage read. */
  readonly dataFingerprint?: string;
  /** A training stage's final checkpoint, relative to the run folder. */
  readonly checkpoint?: string;
}

/** One line of metrics.jsonl. */
export interface StepMetrics extends Omit<StepEndEvent, "type"> {
  readonly stage: string;
}

/** What one training stage cost, summed over its steps; nothing is counted twice after a resume. */
export interface LedgerEntry extends TokenCounts {
  readonly stage: string;
  readonly steps: number;
  readonly flops: number;
  readonly seconds: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
}

/** The files of one run. Paths follow architecture section 6. */
export interface RunFolder {
  readonly url: URL;
  checkpoints(stage: string): URL;
  answers(stage: string, benchmark: string): URL;
  readManifest(): Promise<Manifest | undefined>;
  writeManifest(manifest: Manifest): Promise<void>;
  /** Drops what a killed run measured after the checkpoint from which it goes on. */
  keepMetrics(stage: string, stepsDone: number): Promise<void>;
  addMetrics(metrics: StepMetrics): Promise<void>;
  readMetrics(): Promise<readonly StepMetrics[]>;
  writeLedger(): Promise<readonly LedgerEntry[]>;
  readLedger(): Promise<readonly LedgerEntry[]>;
  writeResults(results: readonly StageResult[]): Promise<void>;
  readResults(): Promise<readonly StageResult[]>;
}

/** The run folder at that URL, which need not exist yet. */
export function runFolder(folder: URL): RunFolder {
  const url = new URL(folder.href.replace(/\/?$/, "/"));
  const file = (path: string): URL => new URL(path, url);
  const metricsFile = file("metrics.jsonl");
  const readMetrics = async (): Promise<readonly StepMetrics[]> =>
    parseLines<StepMetrics>((await readIfThere(metricsFile)) ?? "");
  return {
    url,
    checkpoints: (stage) => file(`checkpoints/${fileName(stage)}/`),
    answers: (stage, benchmark) => file(`answers/${fileName(stage)}/${fileName(benchmark)}.jsonl`),
    readManifest: () => readJson<Manifest>(file("manifest.json")),
    writeManifest: (manifest) => writeJson(file("manifest.json"), manifest),
    async keepMetrics(stage, stepsDone) {
      const kept = (await readMetrics()).filter((line) => line.stage !== stage || line.step <= stepsDone);
      await writeFileAtomically(metricsFile, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    },
    async addMetrics(metrics) {
      await mkdir(url, { recursive: true });
      await appendFile(metricsFile, `${JSON.stringify(metrics)}\n`);
    },
    readMetrics,
    async writeLedger() {
      const ledger = ledgerOf(await readMetrics());
      await writeJson(file("ledger.json"), ledger);
      return ledger;
    },
    readLedger: async () => (await readJson<readonly LedgerEntry[]>(file("ledger.json"))) ?? [],
    writeResults: (results) => writeJson(file("results.json"), results),
    readResults: async () => (await readJson<readonly StageResult[]>(file("results.json"))) ?? [],
  };
}

function ledgerOf(metrics: readonly StepMetrics[]): readonly LedgerEntry[] {
  return [...new Set(metrics.map(({ stage }) => stage))].map((stage) => {
    const steps = metrics.filter((step) => step.stage === stage);
    const sum = (of: (step: StepMetrics) => number): number => steps.reduce((total, step) => total + of(step), 0);
    return {
      stage,
      steps: steps.length,
      text: sum(({ counts }) => counts.text),
      image: sum(({ counts }) => counts.image),
      padding: sum(({ counts }) => counts.padding),
      supervised: sum(({ counts }) => counts.supervised),
      flops: sum(({ flops }) => flops),
      seconds: sum(({ seconds }) => seconds),
      firstLoss: steps[0]?.loss ?? NaN,
      lastLoss: steps.at(-1)?.loss ?? NaN,
    };
  });
}

/** Whole lines only: a crash may leave the last one half written. */
function parseLines<Line>(text: string): readonly Line[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => JSON.parse(line));
}

function writeJson(file: URL, value: unknown): Promise<void> {
  return writeFileAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
}

async function readJson<Value>(file: URL): Promise<Value | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MlanError("run-folder", `${pathOf(file)} is no JSON. Restore it, or begin again in another folder.`, {
      cause,
    });
  }
}

async function readIfThere(file: URL): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (Object(error).code === "ENOENT") return undefined;
    throw new MlanError("run-folder", `${pathOf(file)} cannot be read.`, { cause: error });
  }
}

/** A name as a file name: everything but letters, digits, dot, dash and underscore becomes a dash. */
function fileName(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, "-").replace(/^\.+/, "-");
}
