import { isAbsolute } from "node:path";
import { MlanError, pathOf, reasonOf, shownValue, toFolderUrl } from "@mlan/core";
import { fileExists, pathExists } from "../config/checkpoint-file.ts";
import { BASE_FILE } from "../saving/base-file.ts";
import { ADAPTER_CONFIG, readAdapterConfig } from "../weights/adapter-config.ts";

export interface AdaptedFolders {
  readonly weights: URL;
  readonly adapter?: URL | undefined;
}

/** A repository on the Hub that an adapter's configuration names as its base model. */
export interface BaseRepository {
  readonly repository: string;
  readonly revision: string;
}

/**
 * Finds the base model of an adapter. If `weights` is an adapter's folder, returns this folder as `adapter` and its
 * base model as `weights`; otherwise returns the folders unchanged. As in transformers, the base model that the
 * configuration names takes precedence over weights beside the adapter. `download` fetches a base model from the Hub.
 * Throws `invalid-checkpoint` if the base model is neither a folder nor a repository, or if `adapter` is given too.
 * Throws `unavailable` if the base model cannot be fetched.
 */
export async function adaptedFolders(
  { weights, adapter }: AdaptedFolders,
  download: (base: BaseRepository) => Promise<URL>,
): Promise<AdaptedFolders> {
  if (!(await fileExists(new URL(ADAPTER_CONFIG, weights)))) return { weights, adapter };
  // A checkpoint of mlan names its base in a separate file.
  if (await fileExists(new URL(BASE_FILE, weights))) return { weights, adapter };
  if (adapter) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(weights)}, given as \`weights\`, holds ${ADAPTER_CONFIG}, and \`adapter\` is another adapter. ` +
        "Merge the first into its base in Python with merge_and_unload.",
    );
  }
  const { base, baseRevision: revision = "main" } = await readAdapterConfig(weights);
  const folder = base !== undefined && isAbsolute(base) ? toFolderUrl(base) : undefined;
  if (folder && (await pathExists(new URL(folder.href.replace(/\/$/, "")))))
    return { weights: folder, adapter: weights };
  const of = base === undefined ? "a base that it does not name" : shownValue(base);
  const holds = `${pathOf(weights)} holds an adapter for ${of} (${ADAPTER_CONFIG})`;
  if (base !== undefined && REPOSITORY.test(base)) {
    const fetched = await download({ repository: base, revision }).catch((cause: unknown) => {
      throw MlanError.is(cause) ? unfetched(holds, cause) : cause;
    });
    return { weights: fetched, adapter: weights };
  }
  throw new MlanError("invalid-checkpoint", `model-llava: ${holds}. ${GIVE_THE_BASE}`);
}

/** Matches "owner/name". Neither part may begin with a dot, so the path cannot escape its parent folder. */
const REPOSITORY = /^(?!\.)[\w.-]+\/(?!\.)[\w.-]+$/;

const GIVE_THE_BASE =
  "Give the folder of that base as `weights`, and this one as `adapter`; or remove adapter_config.json if the adapter is merged already.";

function unfetched(holds: string, cause: MlanError): MlanError {
  const message = `model-llava: ${holds}, which could not be fetched: ${reasonOf(cause)} ${GIVE_THE_BASE}`;
  return new MlanError(cause.code, message, { cause });
}
