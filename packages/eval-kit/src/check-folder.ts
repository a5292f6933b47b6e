import { access, constants, stat } from "node:fs/promises";
import { type Location, messageOf, MlanError, pathOf, toFolderUrl } from "@mlan/core";

/** Throws `unavailable` when a folder could not be created or written. Creates nothing. */
export async function checkFolder(errorPrefix: string, folder: Location): Promise<void> {
  const wanted = toFolderUrl(folder);
  let place = wanted;
  for (;;) {
    const status = await stat(place).catch((error: unknown) => {
      if (Object(error).code === "ENOENT") return undefined;
      throw refused(errorPrefix, wanted, messageOf(error));
    });
    if (status?.isDirectory()) break;
    if (status) throw refused(errorPrefix, wanted, `${pathOf(place)} is not a folder`);
    const above = new URL("../", place);
    // On Windows, the drive may be missing.
    if (above.href === place.href) throw refused(errorPrefix, wanted, `there is no ${pathOf(place)}`);
    place = above;
  }
  await access(place, constants.W_OK).catch((error: unknown) => {
    throw refused(errorPrefix, wanted, messageOf(error));
  });
}

function refused(errorPrefix: string, folder: URL, reason: string): MlanError {
  return new MlanError(
    "unavailable",
    `${errorPrefix}: ${pathOf(folder)} cannot be written: ${reason}. Give another folder.`,
  );
}
