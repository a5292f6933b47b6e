import { fileExists } from "../config/checkpoint-file.ts";
import { GENERATION_CONFIG } from "../config/generation-config.ts";
import { ADAPTER_CONFIG } from "../weights/adapter-config.ts";
import type { Checkpoint, CheckpointFolders } from "./open-checkpoint.ts";
import { PROCESSOR_FILES } from "./open-vision.ts";

/**
 * Returns every file of a checkpoint that affects answers: configuration, tokenizer, image preprocessing and weights.
 * The keys are names that do not depend on the folders' locations.
 */
export async function checkpointFiles(
  { weights: sources }: Checkpoint,
  { architecture, weights, adapter, visionTower }: CheckpointFolders,
): Promise<ReadonlyMap<string, URL>> {
  const files = new Map<string, URL>();
  const add = async (part: string, folder: URL, names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const file = new URL(name, folder);
      if (await fileExists(file)) files.set(`${part}/${name}`, file);
    }
  };
  await add("weights", weights, [...architecture.tokenizer.files, CONFIG, GENERATION_CONFIG, ...PROCESSOR_FILES]);
  if (adapter) await add("adapter", adapter, [CONFIG, ADAPTER_CONFIG]);
  if (sources.kept) await add("adapter", sources.kept.folder, [ADAPTER_CONFIG]);
  if (visionTower) await add("tower", visionTower, [CONFIG, ...PROCESSOR_FILES]);
  const { checkpoint, projector, tower } = sources;
  for (const [part, reader] of [
    ["weights", checkpoint] as const,
    ["weights", projector] as const,
    ["tower", tower] as const,
    ...[sources.adapter, sources.kept].flatMap((one) =>
      (one?.readers ?? []).map((reader) => ["adapter", reader] as const),
    ),
  ]) {
    for (const { file } of reader?.entries.values() ?? [])
      files.set(`${part}/${file.pathname.split("/").at(-1)}`, file);
  }
  return files;
}

const CONFIG = "config.json";
