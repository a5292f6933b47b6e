export type { MiniCheckpointName } from "./mini-checkpoint.ts";
export { miniCheckpoint } from "./mini-checkpoint.ts";
export type { MiniworldOptions } from "./miniworld-options.ts";
export type { Miniworld } from "./write-miniworld.ts";
export { writeMiniworld } from "./write-miniworld.ts";
