import { mkdtemp, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";

/** A folder with these files, gone when the test is. */
export async function temporaryFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<URL> {
  const path = await mkdtemp(join(tmpdir(), "mlan-data-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  const folder = pathToFileURL(`${path}/`);
  for (const [name, content] of Object.entries(files)) {
    const file = new URL(name.split("/").map(encodeURIComponent).join("/"), folder);
    await mkdir(new URL("./", file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}
