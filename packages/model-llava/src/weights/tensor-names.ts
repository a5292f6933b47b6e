import { MlanError, pathOf } from "@mlan/core";
import type { SafetensorsReader, TensorEntry } from "@mlan/safetensors";
import { PROJECTOR_PREFIX } from "../network/projector.ts";
import { VISION_PREFIX } from "../network/vision-tower-weights.ts";

export const EMBEDDING = "model.embed_tokens.weight";
/** Name of the output layer, unless it is the embedding. */
export const HEAD = "lm_head.weight";

/**
 * Replacements that convert names to those of the original LLaVA: from transformers' LLaVA in versions 4 and 5, and
 * from models saved without an output layer.
 */
const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/^language_model\.lm_head\./, "lm_head."],
  [/^(model\.)?language_model\.(model\.)?/, "model."],
  [/^(model\.)?vision_tower\.(vision_tower\.)?(vision_model\.)?/, VISION_PREFIX],
  [/^(model\.)?multi_modal_projector\.linear_1\./, `${PROJECTOR_PREFIX}0.`],
  [/^(model\.)?multi_modal_projector\.linear_2\./, `${PROJECTOR_PREFIX}2.`],
  [/^(embed_tokens|layers|norm)\./, "model.$1."],
];

/** Returns the original LLaVA's name of a stored tensor. */
export function originalName(stored: string): string {
  const [pattern, name] = RENAMED.find(([found]) => found.test(stored)) ?? [];
  return pattern && name !== undefined ? stored.replace(pattern, name) : stored;
}

/**
 * Returns a reader of the same tensors with other names. `rename` returns undefined to leave out a tensor. Throws
 * `invalid-checkpoint` if two tensors get the same name.
 */
export function renamed(reader: SafetensorsReader, rename: (stored: string) => string | undefined): SafetensorsReader {
  const entries = new Map<string, TensorEntry>();
  for (const entry of reader.entries.values()) {
    const name = rename(entry.name);
    if (name === undefined) continue;
    const other = entries.get(name);
    if (other) throw sameTensor(entry, other);
    entries.set(name, entry);
  }
  // For an unknown name, the reader's own error says that there is no such tensor.
  const stored = (name: string): string => entries.get(name)?.name ?? name;
  return {
    entries,
    read: (name) => reader.read(stored(name)),
    readInto: (name, target) => reader.readInto(stored(name), target),
    readInt32: (name) => reader.readInt32(stored(name)),
    close: () => reader.close(),
  };
}

function sameTensor(entry: TensorEntry, other: TensorEntry): MlanError {
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(entry.file)} holds "${other.name}" and "${entry.name}", which are names of the same tensor. ` +
      "Remove one of the two.",
  );
}
