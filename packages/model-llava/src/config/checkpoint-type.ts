import { MlanError, pathOf, shownValue } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import { packagesThatRead } from "../architectures/packages-that-read.ts";
import type { ConfigObject } from "./config-file.ts";

/** A plain backbone, or a LLaVA model on one. */
export type CheckpointType = "plain" | "llava";

/**
 * The type that a `config.json` describes. Throws `invalid-checkpoint` for a different architecture, naming the
 * installed packages that read it.
 */
export async function checkpointType(
  { name, plain, llava }: Architecture,
  value: ConfigObject,
  file: URL,
): Promise<CheckpointType> {
  const type = value["model_type"];
  if (type === plain.modelType) return "plain";
  if (type === llava.modelType) return "llava";
  // A text_config means the layout of Hugging Face's own LLaVA, which has the same name.
  if (llava.alias !== undefined && type === llava.alias && !("text_config" in value)) return "llava";
  const read = `${name} has "${plain.modelType}", or "${llava.modelType}" with LLaVA`;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: key "model_type" is ${type == null ? "missing" : shownValue(type)}. ${read}` +
      (typeof type === "string" ? `. ${await wayOut(type, "text_config" in value)}` : "."),
  );
}

async function wayOut(type: string, isNested: boolean): Promise<string> {
  if (isNested) {
    return "This is the layout of llava-hf; use the original layout, as in liuhaotian/llava-v1.5-7b.";
  }
  const packages = await packagesThatRead(type);
  if (packages.length > 0) return `${shownValue(type)} is read by ${packages.join(" and ")}.`;
  return `No installed package reads ${shownValue(type)}; look for one with "npm search mlan ${type.slice(0, 60)}".`;
}
