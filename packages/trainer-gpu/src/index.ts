export type { LowRankAdapter, RecipeOverrides } from "@mlan/trainer";
export { alignment, instructionTuning, lora } from "@mlan/trainer";
export type { GpuTrainerOptions } from "./gpu-trainer.ts";
export { gpuTrainer } from "./gpu-trainer.ts";
