import { isAbsolute } from "node:path";
import { MlanError, pathOf, shownValue, toFolderUrl } from "@mlan/core";
import { fileExists, pathExists } from "../config/checkpoint-file.ts";
import { BASE_FILE } from "../saving/base-file.ts";
import { ADAPTER_CONFIG, readAdapterConfig } from "../weights/adapter-config.ts";

export interface AdaptedFolders {
  readonly weights: URL;
  readonly adapter?: URL | undefined;
}

/**
 * Where `weights` is the folder of an adapter, the base that its configuration names, with the adapter on it. Like
 * transformers, prefers the named base to weights beside the adapter. Throws `invalid-checkpoint`, saying which base to
 * give, when it is not a folder of this machine.
 */
export async function adaptedFolders({ weights, adapter }: AdaptedFolders): Promise<AdaptedFolders> {
  if (!(await fileExists(new URL(ADAPTER_CONFIG, weights)))) return { weights, adapter };
  // A checkpoint of mlan, whose own file names the base.
  if (await fileExists(new URL(BASE_FILE, weights))) return { weights, adapter };
  if (adapter) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(weights)}, given as \`weights\`, holds ${ADAPTER_CONFIG}, and \`adapter\` is another adapter. ` +
        "Merge the first into its base in Python with merge_and_unload.",
    );
  }
  const { base } = await readAdapterConfig(weights);
  const folder = base !== undefined && isAbsolute(base) ? toFolderUrl(base) : undefined;
  if (folder && (await pathExists(new URL(folder.href.replace(/\/$/, "")))))
    return { weights: folder, adapter: weights };
  // The name of a repository of the Hub.
  const isRepository = base !== undefined && /^[\w.-]+\/[\w.-]+$/.test(base);
  const of = base === undefined ? "a base that it does not name" : shownValue(base);
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(weights)} holds an adapter of ${of} (${ADAPTER_CONFIG}). Give the folder of that base${isRepository ? `, or hub("${base}") of @mlan/hub,` : ""} as \`weights\`, ` +
      "and this one as `adapter`; or remove adapter_config.json if the adapter is merged already.",
  );
}
