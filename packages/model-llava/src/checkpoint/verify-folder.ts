import { basename } from "node:path";
import { CHECKSUMS_FILE, listedFiles, MlanError, pathOf, verifyChecksums } from "@mlan/core";

export interface VerifyOptions {
  /** Whether the error for a changed file says what to do after an intended change. */
  readonly mayBeChanged: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Verifies the files of a folder that has checksums. Throws `invalid-checkpoint` for a changed file, and for a training
 * checkpoint without checksums.
 */
export async function verifyFolder(folder: URL, { mayBeChanged, signal }: VerifyOptions): Promise<void> {
  const verified = await verifyChecksums(folder, { signal }).catch(async (cause: unknown) => {
    if (!MlanError.is(cause)) throw cause;
    const remedy = mayBeChanged && cause.code === "invalid-checkpoint" ? ` ${await wayToChange(folder)}` : "";
    throw new MlanError(cause.code, `model-llava: ${cause.message}${remedy}`, { cause });
  });
  if (verified || !(await belongsToTraining(folder))) return;
  const missing = `${pathOf(new URL(CHECKSUMS_FILE, folder))} is missing, so the weights cannot be verified`;
  const remedy = `Restore it, or copy ${pathOf(folder)} to another place and open that.`;
  throw new MlanError("invalid-checkpoint", `model-llava: ${missing}. ${remedy}`);
}

async function wayToChange(folder: URL): Promise<string> {
  if (!(await belongsToTraining(folder))) return `If the change is intended, remove ${CHECKSUMS_FILE}.`;
  return `If the change is intended, copy ${pathOf(folder)} to another place, remove ${CHECKSUMS_FILE} from the copy, and open that.`;
}

/**
 * Returns whether the folder belongs to a training checkpoint: then the checksums in the parent folder cover this
 * folder's checksum file.
 */
async function belongsToTraining(folder: URL): Promise<boolean> {
  const around = await listedFiles(new URL("../", folder));
  return around?.includes(`${basename(pathOf(folder))}/${CHECKSUMS_FILE}`) ?? false;
}
