import { pathOf } from "@mlan/errors";
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

/** Reads a run folder and changes nothing. Throws `run-folder` when it is not a run folder. */
export async function readRun(folder: Location): Promise<Run> {
  const files = runFolder(folder);
  const manifest = await files.readManifest();
  if (!manifest) {
    const message = `${pathOf(files.url)} is not a run folder: it has no manifest.json. Give the folder of a run.`;
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
