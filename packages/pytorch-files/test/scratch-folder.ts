import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";

/** A folder that is removed when the test has ended. */
export function scratchFolder(): URL {
  const folder = pathToFileURL(`${mkdtempSync(join(tmpdir(), "pytorch-files-"))}/`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
