import { makeFolder } from "@mlan/core";
import { randomUUID } from "node:crypto";
import { rename, rm, symlink } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Makes `place` a relative link to `blob`, atomically. Where users may not create links (Windows), moves the blob to
 * `place`, as `huggingface_hub` does.
 */
export async function linkBlob(place: URL, blob: URL, home: URL): Promise<void> {
  await makeFolder(new URL("./", place));
  // In the repository's folder, so that it never appears in a listing of the snapshot.
  const temporary = new URL(`${randomUUID()}.tmp`, home);
  try {
    await symlink(relative(dirname(fileURLToPath(place)), fileURLToPath(blob)), temporary);
  } catch (cause) {
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"].includes(Object(cause).code)) throw cause;
    await rename(blob, place);
    return;
  }
  try {
    await rename(temporary, place);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}
