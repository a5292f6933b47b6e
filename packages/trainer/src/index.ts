export type { TrainerDefinition } from "./create-trainer.ts";
export { createTrainer } from "./create-trainer.ts";
export { learningRateFactor } from "./learning-rate.ts";
export { lora, type LowRankAdapter } from "./lora.ts";
export type { RecipeOverrides } from "./recipes.ts";
export { alignment, instructionTuning } from "./recipes.ts";
export type { TrainerOptions } from "./trainer.ts";
export { trainer } from "./trainer.ts";
