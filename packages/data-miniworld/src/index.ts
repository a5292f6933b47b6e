export type { BoolqRow } from "./boolq.ts";
export type { MiniCheckpointName } from "./mini-checkpoint.ts";
export { MINI_CHECKPOINTS, miniCheckpoint } from "./mini-checkpoint.ts";
export type { PopeRow } from "./pope.ts";
export type { TuningRow } from "./tuning.ts";
export type { Miniworld, MiniworldOptions } from "./write-miniworld.ts";
export { writeMiniworld } from "./write-miniworld.ts";
