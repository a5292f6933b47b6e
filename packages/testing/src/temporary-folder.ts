import { mkdtempSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, onTestFinished } from "vitest";

/**
 * Creates an empty folder that is removed when the current test ends. Outside a test, it must be called where tests are
 * declared, not in a hook; the folder is removed after the tests of the file or of the `describe`.
 */
export function temporaryFolder(): URL {
  const folder = pathToFileURL(`${mkdtempSync(join(tmpdir(), "mlan-test-"))}/`);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    onTestFinished(remove);
  } catch {
    // There is no current test.
    afterAll(remove);
  }
  return folder;
}

/** Creates a temporary folder with these files, by relative URL. Creates subfolders as needed. */
export async function folderWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<URL> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const file = new URL(name, folder);
    await mkdir(new URL("./", file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}
