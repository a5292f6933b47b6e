export type { LowRankAdapter, RecipeOverrides } from "@mlan/trainer";
export { alignment, instructionTuning, lora } from "@mlan/trainer";
export type { CpuTrainerOptions } from "./cpu-trainer.ts";
export { cpuTrainer } from "./cpu-trainer.ts";
