import { z } from "zod";
import { MlanError } from "./errors.ts";
import { pathOf } from "./path-of.ts";
import { type LedgerEntry, type Manifest, runFolder, type StepMetrics } from "./run-folder.ts";
import type { StageResult } from "./stage.ts";

/** What a run folder tells, of a finished run or of one under way. */
export interface Run {
  readonly folder: URL;
  readonly manifest: Manifest;
  /** Of all training stages, in the order in which the steps were done. */
  readonly metrics: readonly StepMetrics[];
  /** Of the training stages that are done. */
  readonly ledger: readonly LedgerEntry[];
  readonly results: readonly StageResult[];
}

const manifestSchema: z.ZodType<Manifest> = z.object({
  formatVersion: z.literal(1),
  plan: z.object({
    name: z.string(),
    seed: z.number(),
    plugins: z.array(z.object({ name: z.string(), settings: z.unknown().optional() })),
    stages: z.array(z.object({ name: z.string(), kind: z.string(), settings: z.unknown() })),
  }),
  versions: z.record(z.string(), z.string()),
  created: z.string(),
  stages: z.record(
    z.string(),
    z.object({
      done: z.boolean(),
      started: z.string(),
      finished: z.string().exactOptional(),
      dataFingerprint: z.string().exactOptional(),
      checkpoint: z.string().exactOptional(),
    }),
  ),
});

/** Reads a run folder and changes nothing. Throws `run-folder` when it is none. */
export async function readRun(folder: URL): Promise<Run> {
  const files = runFolder(folder);
  const found = await files.readManifest();
  if (!found) {
    const message = `${pathOf(files.url)} is no run folder: it has no manifest.json. Give the folder that a run was kept in.`;
    throw new MlanError("run-folder", message);
  }
  const manifest = manifestSchema.safeParse(found);
  if (!manifest.success) {
    const message = `${pathOf(files.url)} is no run folder: its manifest.json is not that of a run (${z.prettifyError(manifest.error)}).`;
    throw new MlanError("run-folder", message, { cause: manifest.error });
  }
  return {
    folder: files.url,
    manifest: manifest.data,
    metrics: await files.readMetrics(),
    ledger: await files.readLedger(),
    results: await files.readResults(),
  };
}
