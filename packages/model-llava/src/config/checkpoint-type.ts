import { MlanError, pathOf, shownValue } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import { packagesThatRead } from "../architectures/packages-that-read.ts";
import type { ConfigObject } from "./config-file.ts";
import { isNested, nestedType } from "./nested-config.ts";

/** Whether a checkpoint is a plain backbone or a LLaVA model. */
export type CheckpointType = "plain" | "llava";

/**
 * Returns the type that a `config.json` describes. Throws `invalid-checkpoint` for a different architecture, with the
 * names of the installed packages for it.
 */
export async function checkpointType(
  { name, plain, llava }: Architecture,
  value: ConfigObject,
  file: URL,
): Promise<CheckpointType> {
  const nested = isNested(value);
  const type = nested ? nestedType(value, file) : value["model_type"];
  if (type === plain.modelType) return nested ? "llava" : "plain";
  if (!nested && (type === llava.modelType || (llava.alias !== undefined && type === llava.alias))) return "llava";
  const read = `${name} has "${plain.modelType}", or "${llava.modelType}" with LLaVA`;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: key "${nested ? "text_config.model_type" : "model_type"}" is ${type == null ? "missing" : shownValue(type)}. ${read}` +
      (typeof type === "string" ? `. ${await remedy(type)}` : "."),
  );
}

async function remedy(type: string): Promise<string> {
  const packages = await packagesThatRead(type);
  if (packages.length > 0) return `${shownValue(type)} is read by ${packages.join(" and ")}.`;
  return `No installed package reads ${shownValue(type)}; look for one with "npm search mlan ${type.slice(0, 60)}".`;
}
