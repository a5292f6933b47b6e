import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import type { WeightPlan } from "../weights/weight-plan.ts";

/**
 * Throws `invalid-checkpoint` for files beside the weights that change the model for other programs and are not read
 * here: the model would silently be another one.
 */
export async function refuseIgnoredFiles(folder: URL, { fresh }: WeightPlan): Promise<void> {
  const names = await readdir(folder);
  if (names.includes("adapter_config.json")) {
    throw ignored(folder, "adapter_config.json", "Merge the adapter into the weights (PEFT's merge_and_unload)");
  }
  const projector = names.find((name) => /^mm_projector\.(bin|pt|safetensors)$/.test(name));
  if (projector && fresh.length > 0) {
    throw ignored(folder, projector, "Add its tensors to the weights as model.mm_projector.*, in safetensors");
  }
}

function ignored(folder: URL, name: string, wayOut: string): MlanError {
  const message = `model-llava: ${pathOf(folder)} holds ${name}, which is not read. ${wayOut}, or take it out of the folder.`;
  return new MlanError("invalid-checkpoint", message);
}
