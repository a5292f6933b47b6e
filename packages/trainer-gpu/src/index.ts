export type { RecipeOverrides } from "@mlan/trainer";
export { alignment, instructionTuning } from "@mlan/trainer";
export type { GpuTrainerOptions } from "./gpu-trainer.ts";
export { gpuTrainer } from "./gpu-trainer.ts";
