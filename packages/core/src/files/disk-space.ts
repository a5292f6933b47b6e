import { pathOf } from "@mlan/errors";
import { readdir, stat, statfs } from "node:fs/promises";
import { MlanError } from "../errors.ts";
import { bytesText } from "./bytes-text.ts";
import type { TrainingNeeds } from "../contracts/trainer.ts";

export interface DiskNeeds {
  /** Additional space that the checkpoints need at their peak, beyond the space of existing files. */
  readonly neededBytes: number;
  /** Free space on the disk of the run folder. */
  readonly freeBytes: number;
}

/**
 * Returns the space that checkpoints need. Files that already exist in a `place` are deducted. `folder` need not exist.
 */
export async function diskNeeds(
  folder: URL,
  needs: readonly (TrainingNeeds & { readonly place: URL })[],
): Promise<DiskNeeds> {
  const kept = needs.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
  const extra = Math.max(0, ...needs.map(({ peakBytes, keptBytes }) => peakBytes - keptBytes));
  const present = await Promise.all(needs.map(({ place }) => bytesIn(place)));
  const neededBytes = Math.max(0, kept + extra - present.reduce((sum, bytes) => sum + bytes, 0));
  const { bavail, bsize } = await statfs(await existing(folder));
  return { neededBytes, freeBytes: bavail * bsize };
}

/** Returns the folder, or its nearest existing parent. */
async function existing(folder: URL): Promise<URL> {
  const above = new URL("../", folder);
  if (above.href === folder.href) return folder;
  return stat(folder).then(
    () => folder,
    () => existing(above),
  );
}

/** Throws `unavailable` when checkpoints of these sizes do not fit on the disk of `folder`, see {@link diskNeeds}. */
export async function checkDiskSpace(
  folder: URL,
  needs: readonly (TrainingNeeds & { readonly place: URL })[],
): Promise<void> {
  const { neededBytes: wanted, freeBytes: free } = await diskNeeds(folder, needs);
  if (wanted <= free) return;
  throw new MlanError(
    "unavailable",
    `the checkpoints of this run need ${bytesText(wanted)}, and the disk of ${pathOf(folder)} has ${bytesText(free)} free. ` +
      "Free some space, or run on a disk with more.",
  );
}

async function bytesIn(folder: URL): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(({ parentPath, name }) => stat(`${parentPath}/${name}`).then(({ size }) => size));
  return (await Promise.allSettled(sizes)).reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value : 0), 0);
}
