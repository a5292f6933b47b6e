import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";

const ADAPTER = "adapter_config.json";

/**
 * Throws `invalid-checkpoint` for an adapter beside the weights, since without it the model would silently be a
 * different one.
 */
export async function refuseAdapter(folder: URL): Promise<void> {
  if (!(await readdir(folder)).includes(ADAPTER)) return;
  const wayOut = "Merge the adapter into the weights (PEFT's merge_and_unload), or remove it from the folder.";
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(folder)} holds ${ADAPTER}, which is not supported. ${wayOut}`,
  );
}
