import { MlanError } from "@mlan/core";

export const MINI_CHECKPOINTS = ["mini-llama2", "mini-vicuna", "mini-clip"] as const;

export type MiniCheckpointName = (typeof MINI_CHECKPOINTS)[number];

/**
 * The folder of a checkpoint shipped with this package, in the layout of the Hugging Face Hub; ends in a slash. Throws
 * `invalid-options` for an unknown name.
 */
export function miniCheckpoint(name: MiniCheckpointName): URL {
  if (MINI_CHECKPOINTS.includes(name)) return new URL(`../checkpoints/${name}/`, import.meta.url);
  const names = MINI_CHECKPOINTS.join(", ");
  throw new MlanError("invalid-options", `miniworld: there is no checkpoint "${String(name)}"; choose from ${names}.`);
}
