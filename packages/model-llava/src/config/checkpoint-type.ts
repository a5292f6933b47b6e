import { MlanError, pathOf, shownValue } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import { packagesThatRead } from "../architectures/packages-that-read.ts";
import type { ConfigObject } from "./config-file.ts";

/** A backbone alone, or one under LLaVA. */
export type CheckpointType = "plain" | "llava";

/**
 * Which of the two an architecture's `config.json` describes. Throws `invalid-checkpoint` for another architecture,
 * naming the installed packages that read it.
 */
export async function checkpointType(
  { name, plain, llava }: Architecture,
  value: ConfigObject,
  file: URL,
): Promise<CheckpointType> {
  const type = value["model_type"];
  if (type === plain.modelType) return "plain";
  if (type === llava.modelType) return "llava";
  // The text_config of Hugging Face's own LLaVA is another layout under the same name.
  if (llava.alias !== undefined && type === llava.alias && !("text_config" in value)) return "llava";
  const read = `${name} is read as "${plain.modelType}", and under LLaVA as "${llava.modelType}"`;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: key "model_type" is ${type == null ? "missing" : shownValue(type)}. ${read}` +
      (typeof type === "string" ? `. ${await wayOut(type, "text_config" in value)}` : "."),
  );
}

async function wayOut(type: string, isNested: boolean): Promise<string> {
  if (isNested) {
    return "This is the layout of llava-hf; take the original one, such as that of liuhaotian/llava-v1.5-7b.";
  }
  const packages = await packagesThatRead(type);
  if (packages.length > 0) return `${shownValue(type)} is read by ${packages.join(" and ")}.`;
  return `No installed package reads ${shownValue(type)}; look for one with "npm search mlan ${type.slice(0, 60)}".`;
}
