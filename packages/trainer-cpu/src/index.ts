export type { RecipeOverrides } from "@mlan/trainer";
export { alignment, instructionTuning } from "@mlan/trainer";
export type { CpuTrainerOptions } from "./cpu-trainer.ts";
export { cpuTrainer } from "./cpu-trainer.ts";
