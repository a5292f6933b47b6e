import { messageOf, pathOf } from "@mlan/errors";
import { type Damage, damageOf } from "./damage.ts";
import { MlanError } from "../errors.ts";
import type { LedgerEntry, StepMetrics } from "./ledger.ts";
import type { Location } from "../contracts/location.ts";
import type { Manifest } from "./manifest.ts";
import { runFolder } from "./run-folder.ts";
import type { StageResult } from "./stage.ts";
import { currentResult } from "./current-result.ts";

/** The content of a run folder. The run may be unfinished. */
export interface Run {
  readonly folder: URL;
  readonly manifest: Manifest;
  /** The steps of all training stages, in order. */
  readonly metrics: readonly StepMetrics[];
  /** The costs of the finished training stages. */
  readonly ledger: readonly LedgerEntry[];
  readonly results: readonly StageResult[];
  /** Files that differ from what the run wrote. The other fields show the files as they are now. */
  readonly damage: readonly Damage[];
}

export interface ReadRunOptions {
  /**
   * Whether a damaged file other than the manifest is reported in `damage` and read as far as it can be, instead of
   * being an error. Default false.
   */
  readonly skipDamaged?: boolean;
}

/**
 * Reads a run folder and changes nothing. Throws `run-folder` when it is not one, and for a damaged file unless
 * `skipDamaged` is set.
 */
export async function readRun(folder: Location, { skipDamaged = false }: ReadRunOptions = {}): Promise<Run> {
  const files = runFolder(folder);
  const manifest = await files.readManifest();
  if (!manifest) {
    const message = `${pathOf(files.url)} is not a run folder: it has no manifest.json. Give the folder of a run.`;
    throw new MlanError("run-folder", message);
  }
  const unreadable: Damage[] = [];
  const none = async (): Promise<readonly never[]> => [];
  const read = async <Entry>(
    file: string,
    strictly: () => Promise<readonly Entry[]>,
    leniently: () => Promise<readonly Entry[]>,
  ): Promise<readonly Entry[]> => {
    try {
      return await strictly();
    } catch (error) {
      if (!skipDamaged || !MlanError.is(error)) throw error;
      unreadable.push({ file, problem: messageOf(error).replace(/\.$/, ""), isRepairable: false });
      return await leniently().catch(none);
    }
  };
  const findings = {
    metrics: await read("metrics.jsonl", files.metrics.read, files.metrics.readWhole),
    ledger: await read("ledger.json", files.readLedger, none),
    results: await read("results.json", files.readResults, none),
  };
  const changed = await damageOf(manifest, findings, files);
  const known = new Set(unreadable.map(({ file }) => file));
  const damage = [...unreadable, ...changed.filter(({ file }) => !known.has(file))];
  return { folder: files.url, manifest, ...findings, results: findings.results.map(currentResult), damage };
}
