import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";

const ADAPTER = "adapter_config.json";

/** Throws `invalid-checkpoint` for an adapter beside the weights: without it the model would silently be another one. */
export async function refuseAdapter(folder: URL): Promise<void> {
  if (!(await readdir(folder)).includes(ADAPTER)) return;
  const wayOut = "Merge the adapter into the weights (PEFT's merge_and_unload), or take it out of the folder.";
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(folder)} holds ${ADAPTER}, which is not read. ${wayOut}`,
  );
}
