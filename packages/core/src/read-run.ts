import { type Damage, damageOf } from "./damage.ts";
import { MlanError } from "./errors.ts";
import type { LedgerEntry, StepMetrics } from "./ledger.ts";
import type { Location } from "./location.ts";
import type { Manifest } from "./manifest.ts";
import { pathOf } from "./path-of.ts";
import { runFolder } from "./run-folder.ts";
import type { StageResult } from "./stage.ts";
import { currentResult } from "./stored-result.ts";

/** What a run folder tells, of a finished run or of one under way. */
export interface Run {
  readonly folder: URL;
  readonly manifest: Manifest;
  /** Of all training stages, in the order in which the steps were done. */
  readonly metrics: readonly StepMetrics[];
  /** Of the training stages that are done. */
  readonly ledger: readonly LedgerEntry[];
  readonly results: readonly StageResult[];
  /** What is not as the run wrote it; the fields above have it as it is now. */
  readonly damage: readonly Damage[];
}

/** Reads a run folder and changes nothing. Throws `run-folder` when it is none. */
export async function readRun(folder: Location): Promise<Run> {
  const files = runFolder(folder);
  const manifest = await files.readManifest();
  if (!manifest) {
    const message = `${pathOf(files.url)} is no run folder: it has no manifest.json. Give the folder that a run was kept in.`;
    throw new MlanError("run-folder", message);
  }
  const findings = {
    metrics: await files.metrics.read(),
    ledger: await files.readLedger(),
    results: await files.readResults(),
  };
  const damage = await damageOf(manifest, findings, files);
  return { folder: files.url, manifest, ...findings, results: findings.results.map(currentResult), damage };
}
