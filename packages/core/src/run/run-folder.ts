import { pathOf } from "@mlan/errors";
import { z } from "zod";
import { writeFileAtomically } from "../files/atomic-files.ts";
import { MlanError } from "../errors.ts";
import { fileName } from "../files/file-name.ts";
import type { LedgerEntry } from "./ledger.ts";
import { type Location, toFolderUrl } from "../contracts/location.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";
import { type MetricsLog, metricsLog } from "./metrics-log.ts";
import { checked, nullAsNumber, readJson } from "../files/read-json.ts";
import type { StageResult } from "./stage.ts";

export interface RunFolder {
  /** Ends in a slash. */
  readonly url: URL;
  checkpoints(stage: string): URL;
  answers(stage: string, benchmark: string): URL;
  /** Returns undefined when there is no manifest. Throws `run-folder` when the file is not a run's manifest. */
  readManifest(): Promise<Manifest | undefined>;
  writeManifest(manifest: Manifest): Promise<void>;
  readonly metrics: MetricsLog;
  writeLedger(ledger: readonly LedgerEntry[]): Promise<void>;
  /** Reads null as NaN, like `readResults`. */
  readLedger(): Promise<readonly LedgerEntry[]>;
  writeResults(results: readonly StageResult[]): Promise<void>;
  readResults(): Promise<readonly StageResult[]>;
}

const NEWEST_FORMAT = 2;
const OTHER_FOLDER = "Restore it, or give another folder.";
const RUN_AGAIN = "Restore it, or run the experiment again in its folder to recreate it.";
const MANIFEST_KEYS = ["formatVersion", "plan", "versions", "created", "stages"] as const satisfies (keyof Manifest)[];

/** The files and folders that a run writes. Each of the folders has one subfolder per stage. */
export const RUN_FILES = ["manifest.json", "metrics.jsonl", "ledger.json", "results.json"] as const;
export const RUN_FOLDERS = ["checkpoints", "answers"] as const;

/** Returns the run folder at a location, which need not exist yet. */
export function runFolder(folder: Location): RunFolder {
  const url = toFolderUrl(folder, "folder");
  const file = (path: string): URL => new URL(path, url);
  return {
    url,
    checkpoints: (stage) => file(`checkpoints/${fileName(stage)}/`),
    answers: (stage, benchmark) => file(`answers/${fileName(stage)}/${fileName(benchmark)}.jsonl`),
    readManifest: async () => {
      const found = await readJson(file("manifest.json"), z.unknown(), OTHER_FOLDER);
      return found === undefined ? undefined : checkedManifest(found, url);
    },
    writeManifest: (manifest) => writeJson(file("manifest.json"), manifest),
    metrics: metricsLog(file("metrics.jsonl")),
    writeLedger: (ledger) => writeJson(file("ledger.json"), ledger),
    readLedger: async () =>
      withNumbers(await readJson(file("ledger.json"), entries<LedgerEntry>(["stage"]), RUN_AGAIN)) ?? [],
    writeResults: (results) => writeJson(file("results.json"), results),
    readResults: async () =>
      withNumbers(await readJson(file("results.json"), entries<StageResult>(["stage", "benchmark"]), RUN_AGAIN)) ?? [],
  };
}

function checkedManifest(found: unknown, folder: URL): Manifest {
  const { formatVersion } = Object(found);
  if (Number.isInteger(formatVersion) && formatVersion > NEWEST_FORMAT) {
    const message = `${pathOf(folder)} was written by a newer version of mlan: its manifest.json has format ${formatVersion}, and this version reads formats up to ${NEWEST_FORMAT}. Update mlan.`;
    throw new MlanError("run-folder", message);
  }
  const otherwise = `${pathOf(folder)} is not a run folder: its manifest.json was not written by a run`;
  const lacking = MANIFEST_KEYS.filter((key) => Object(found)[key] === undefined);
  if (lacking.length === 0 || typeof found !== "object" || found === null || Array.isArray(found)) {
    return checked(found, manifestSchema, otherwise, OTHER_FOLDER);
  }
  throw new MlanError("run-folder", `${otherwise}; it lacks ${lacking.join(", ")}. ${OTHER_FOLDER}`);
}

/** Schema for a list of entries with at least these keys. */
function entries<Entry>(keys: readonly (keyof Entry & string)[]): z.ZodType<readonly Entry[]> {
  const isEntry = (value: unknown): boolean => keys.every((key) => typeof Object(value)[key] === "string");
  return z.array(z.custom<Entry>(isEntry, `expected an entry with ${keys.join(" and ")}`));
}

/** JSON writes non-finite numbers as null. Nothing else in these files is null. */
function withNumbers<Value>(value: Value): Value {
  return value === undefined ? value : JSON.parse(JSON.stringify(value), nullAsNumber);
}

function writeJson(file: URL, value: unknown): Promise<void> {
  return writeFileAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
}
