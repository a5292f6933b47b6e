import type { Conversation } from "../contracts/conversation.ts";
import type { Examples } from "../contracts/dataset.ts";
import type { Component, Encoded, ModelInspection } from "../contracts/model.ts";
import type { TrainingNeeds, TrainingRecipe } from "../contracts/trainer.ts";
import type { TrainingCost } from "./stage-needs.ts";

export interface TrainingCostOptions {
  readonly recipe: TrainingRecipe;
  readonly examples: Examples<Conversation>;
  readonly encode: (conversation: Conversation) => Encoded;
  readonly maximumLength: number;
  readonly parameters: ModelInspection["parameters"];
  readonly needs: TrainingNeeds;
}

const SAMPLED = 128;

/** Predicts the cost of a training stage from evenly spaced conversations. */
export async function trainingCost(options: TrainingCostOptions): Promise<TrainingCost> {
  const { recipe, examples, needs } = options;
  const sampled = Math.min(SAMPLED, examples.length);
  let [positions, images] = [0, 0];
  for (let index = 0; index < sampled; index++) {
    const encoded = options.encode(await examples.at(Math.floor((index * examples.length) / sampled)));
    const whole = encoded.length;
    positions += Math.min(whole, options.maximumLength);
    images += whole - encoded.inputIds.length + encoded.images.length;
  }
  const rows = Math.min(examples.length * recipe.epochs, (needs.steps ?? Infinity) * recipe.batchSize);
  const perSample = sampled === 0 ? 0 : rows / sampled;
  const each = { text: positions * perSample, image: images * perSample };
  return { positions: Math.round(each.text), flops: flopsOf(each, options) };
}

/**
 * Returns the FLOPs of a training. `text` is the number of positions that the language model computes, including those of
 * images. `image` is the number of positions that the vision tower computes.
 */
function flopsOf(
  { text, image }: { readonly text: number; readonly image: number },
  { recipe: { trained }, parameters = {}, needs: { gradientCheckpointing = false } }: TrainingCostOptions,
): number {
  const learns = (component: Component): number => Number(trained.includes(component));
  const countOf = (component: Component): number => parameters[component] ?? 0;
  // The gradient passes through the language model whatever is trained.
  const language = 2 + learns("language") + Number(gradientCheckpointing);
  const adapter = 2 + learns("adapter") + Number(gradientCheckpointing);
  return (
    2 * text * (countOf("language") * language + countOf("adapter") * adapter) +
    2 * image * (countOf("projector") * (1 + 2 * learns("projector")) + countOf("vision") * (1 + 2 * learns("vision")))
  );
}
