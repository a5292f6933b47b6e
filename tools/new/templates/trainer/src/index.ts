export type { RecipeOverrides } from "@mlan/trainer";
export { alignment, instructionTuning } from "@mlan/trainer";
export type { NewNameTrainerOptions } from "./new-name-trainer.ts";
export { newNameTrainer } from "./new-name-trainer.ts";
