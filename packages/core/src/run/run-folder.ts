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
  /** See {@link RunOptions.otherwise}. */
  readonly otherwise: string;
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
const RUN_AGAIN = "Restore it, or run the experiment or study again, which recreates it.";
const MANIFEST_KEYS = ["formatVersion", "plan", "versions", "created", "stages"] as const satisfies (keyof Manifest)[];

/** The files and folders that a run writes. Each of the folders has one subfolder per stage. */
export const RUN_FILES = ["manifest.json", "metrics.jsonl", "ledger.json", "results.json"] as const;
export const RUN_FOLDERS = ["checkpoints", "answers"] as const;

/**
 * Returns the run folder at a location, which need not exist yet. `otherwise` is what the user can do in place of
 * repairing the folder, as the end of a sentence in errors. Default: "give another folder".
 */
export function runFolder(folder: Location, otherwise = "give another folder"): RunFolder {
  const url = toFolderUrl(folder, "folder");
  const file = (path: string): URL => new URL(path, url);
  const remedy = `Restore it, or ${otherwise}.`;
  return {
    url,
    otherwise,
    checkpoints: (stage) => file(`checkpoints/${fileName(stage)}/`),
    answers: (stage, benchmark) => file(`answers/${fileName(stage)}/${fileName(benchmark)}.jsonl`),
    readManifest: async () => {
      const found = await readJson(file("manifest.json"), z.unknown(), remedy);
      return found === undefined ? undefined : checkedManifest(found, url, remedy);
    },
    writeManifest: (manifest) => writeJson(file("manifest.json"), manifest),
    metrics: metricsLog(file("metrics.jsonl"), otherwise),
    writeLedger: (ledger) => writeJson(file("ledger.json"), ledger),
    readLedger: async () =>
      withNumbers(await readJson(file("ledger.json"), entries<LedgerEntry>(["stage"]), RUN_AGAIN)) ?? [],
    writeResults: (results) => writeJson(file("results.json"), results),
    readResults: async () =>
      withNumbers(await readJson(file("results.json"), entries<StageResult>(["stage", "benchmark"]), RUN_AGAIN)) ?? [],
  };
}

function checkedManifest(found: unknown, folder: URL, remedy: string): Manifest {
  const { formatVersion } = Object(found);
  if (Number.isInteger(formatVersion) && formatVersion > NEWEST_FORMAT) {
    const message = `${pathOf(folder)} was written by a newer version of mlan: its manifest.json has format ${formatVersion}, and this version reads formats up to ${NEWEST_FORMAT}. Update mlan.`;
    throw new MlanError("run-folder", message);
  }
  const problem = `${pathOf(folder)} is not a run folder: its manifest.json was not written by a run`;
  const lacking = MANIFEST_KEYS.filter((key) => Object(found)[key] === undefined);
  if (lacking.length === 0 || typeof found !== "object" || found === null || Array.isArray(found)) {
    return checked(found, manifestSchema, problem, remedy);
  }
  throw new MlanError("run-folder", `${problem}; it lacks ${lacking.join(", ")}. ${remedy}`);
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
