import { readdir } from "node:fs/promises";
import { counted, pathOf } from "@mlan/core";
import { listed, type SafetensorsReader } from "@mlan/safetensors";

const WEIGHT_FILE = /\.(safetensors|bin|pt|pth|ckpt|gguf)$/;
/** Matches files of training that are not weights. */
const OTHER_FILE = /^(training_args|optimizer|scheduler|scaler|rng_state)/;

/**
 * Returns a sentence about weight files in a folder that no reader reads, such as stale shards beside a newer file;
 * nothing if all are read.
 */
export async function unusedWeightFiles(
  folder: URL,
  readers: readonly SafetensorsReader[],
): Promise<readonly string[]> {
  const used = new Set(
    readers.flatMap(({ entries }) => [...new Set([...entries.values()].map(({ file }) => file.href))]),
  );
  const names = (await readdir(folder)).filter((name) => WEIGHT_FILE.test(name) && !OTHER_FILE.test(name));
  const isUsed = (name: string): boolean => used.has(new URL(encodeURIComponent(name), folder).href);
  const unused = names.filter((name) => !isUsed(name));
  if (unused.length === 0) return [];
  const files = `${counted(unused.length, "weight file")} in ${pathOf(folder)} ${unused.length === 1 ? "is" : "are"} not read`;
  const read = names.filter(isUsed);
  return [`${files}: ${listed(unused)}${read.length > 0 ? `; the model is read from ${listed(read)}` : ""}`];
}
