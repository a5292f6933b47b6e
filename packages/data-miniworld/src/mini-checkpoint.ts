import { MlanError } from "@mlan/core";

export const MINI_CHECKPOINTS = ["mini-llama2", "mini-clip"] as const;

export type MiniCheckpointName = (typeof MINI_CHECKPOINTS)[number];

/**
 * The folder of a checkpoint that this package ships, in the layout of the Hugging Face Hub, ending in a slash.
 * Throws `invalid-options` for a name that does not exist.
 */
export function miniCheckpoint(name: MiniCheckpointName): URL {
  if (MINI_CHECKPOINTS.includes(name)) return new URL(`../checkpoints/${name}/`, import.meta.url);
  const names = MINI_CHECKPOINTS.join(", ");
  throw new MlanError("invalid-options", `miniworld: there is no checkpoint "${String(name)}"; there are ${names}.`);
}
