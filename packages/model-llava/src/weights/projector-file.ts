import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import type { SafetensorsReader } from "@mlan/safetensors";
import { openWeights, PROJECTOR_FILE } from "./open-weights.ts";

/**
 * Opens the projector that LLaVA's first stage saved beside its backbone; returns undefined without one. Throws
 * `invalid-checkpoint` if it cannot be read or if there are two.
 */
export async function openProjector(folder: URL): Promise<SafetensorsReader | undefined> {
  const [name, other] = (await readdir(folder)).filter((file) => PROJECTOR_FILE.test(file));
  if (name === undefined) return undefined;
  if (other === undefined) return openWeights(new URL(name, folder));
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(folder)} holds both ${name} and ${other}. Keep the one to use.`,
  );
}

const NAME = "mm_projector.";

/** Returns the names of a projector file's tensors by their suffixes. The prefixes depend on what was trained. */
export function projectorNames({ entries }: SafetensorsReader): ReadonlyMap<string, string> {
  return new Map(
    [...entries.keys()].flatMap((name) => {
      const place = name.indexOf(NAME);
      return place < 0 ? [] : [[name.slice(place + NAME.length), name]];
    }),
  );
}
