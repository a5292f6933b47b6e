import { copyFile, link, readdir, stat } from "node:fs/promises";
import { makeFolder } from "./make-folder.ts";

/**
 * Minimum size in bytes of a file that is linked. Smaller files are copied, because a user may edit such a file (for
 * example `base.json`), and a link would change the original too.
 */
const SMALLEST_LINK = 2 ** 20;

/**
 * Copies the files of a folder into an existing one; both URLs end in a slash. Large files become hard links, which take
 * no space, where the file system supports them.
 */
export async function copyFolder(from: URL, to: URL): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const name = encodeURIComponent(entry.name);
    if (entry.isDirectory()) {
      await makeFolder(new URL(`${name}/`, to));
      await copyFolder(new URL(`${name}/`, from), new URL(`${name}/`, to));
    } else await linkOrCopy(new URL(name, from), new URL(name, to));
  }
}

async function linkOrCopy(from: URL, to: URL): Promise<void> {
  const { size } = await stat(from);
  const isLinked =
    size >= SMALLEST_LINK &&
    (await link(from, to).then(
      () => true,
      () => false,
    ));
  if (!isLinked) await copyFile(from, to);
}
