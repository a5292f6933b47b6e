import type { AdapterOptions } from "../contracts/adapter.ts";
import { formatFor } from "../contracts/conversation-format.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Dataset, Examples } from "../contracts/dataset.ts";
import type { ModelMemory, TrainingShape } from "../contracts/memory.ts";
import type { Component, Encoded, ModelInspection } from "../contracts/model.ts";
import type { PlannedTraining, TrainingNeeds, TrainingRecipe } from "../contracts/trainer.ts";
import { COMPUTE, MODEL, TRAINER } from "../scope/token.ts";
import { CHARACTERS_PER_IMAGE, largest } from "./largest.ts";
import type { StageCheckContext } from "./stage.ts";
import type { StageNeeds } from "./stage-needs.ts";
import { trainingChanges } from "./training-changes.ts";
import { trainingCost } from "./training-cost.ts";

/** A training stage before it runs. */
export interface PlannedStage {
  readonly data: Dataset<Conversation>;
  readonly recipe: TrainingRecipe;
}

/**
 * Predicts the memory for the longest rows of a training stage. Returns undefined for a model that does not report its
 * needs.
 */
export async function planTraining(
  { data, recipe }: PlannedStage,
  { scope, model, adapterBefore, trainedBefore, signal, data: opened = data }: StageCheckContext,
): Promise<StageNeeds | undefined> {
  if (!model?.memory || !model.encode) return undefined;
  const { memory } = model;
  const examples = await opened.open(signal ? { signal } : {});
  const longest = await longestRows(examples, recipe, { model, name: scope.get(MODEL).name, signal });
  const adapter = recipe.adapter ?? adapterBefore;
  const training = plannedTraining(recipe, examples.length, { model, trainedBefore, adapterBefore });
  const { parameters = {} } = training;
  const needs = scope.get(TRAINER).check?.(training) ?? { peakBytes: 0, keptBytes: 0 };
  const { answerSpans = "text" } = recipe;
  const format = formatFor(recipe.format, { name: scope.get(MODEL).name, tuningTemplate: model.tuningTemplate });
  const { encode } = model;
  const cost = await trainingCost({
    recipe,
    examples,
    encode: (conversation) => encode(conversation, format, { answerSpans }),
    maximumLength: format.maximumLength,
    parameters,
    needs,
  });
  const keepsGradients = scope.find(COMPUTE)?.keepsGradients ?? false;
  const shape = shapeOf(recipe, { longest, needs, memory, keepsGradients, ...(adapter && { adapter }) });
  const count = (isCounted: (component: Component) => boolean): number =>
    COMPONENTS.reduce((sum, component) => sum + (isCounted(component) ? (parameters[component] ?? 0) : 0), 0);
  return {
    parameters: {
      trained: count((component) => recipe.trained.includes(component)),
      frozen: count((component) => !recipe.trained.includes(component)),
    },
    training: { shape, conversations: examples.length, needs, cost },
    memory: memory.training(shape),
    changes: () => trainingChanges({ shape, batchSize: recipe.batchSize, memory, longest }),
  };
}

/** Returns the argument of {@link Trainer.check} for a stage. */
export function plannedTraining(
  recipe: TrainingRecipe,
  conversations: number,
  {
    model,
    trainedBefore,
    adapterBefore,
  }: {
    readonly model: ModelInspection | undefined;
    readonly trainedBefore: readonly Component[];
    readonly adapterBefore: AdapterOptions | undefined;
  },
): PlannedTraining {
  const always = model?.alwaysSaved;
  return {
    recipe,
    conversations,
    ...(model && { parameters: parametersWith(recipe.adapter ?? adapterBefore, model) }),
    ...(always && { stored: [...new Set([...always, ...trainedBefore, ...recipe.trained])] }),
  };
}

/** Returns the number of parameters by component, including the adapter's. */
export function parametersWith(
  adapter: AdapterOptions | undefined,
  model: ModelInspection,
): ModelInspection["parameters"] {
  const size = adapter && model.adapterParameters?.(adapter);
  return { ...model.parameters, ...(size !== undefined && { adapter: size }) };
}

const COMPONENTS: readonly Component[] = ["language", "projector", "vision", "adapter"];

/** The maximum of each number over all conversations. A batch of such rows is the worst case. */
export interface LongestRows {
  readonly length: number;
  readonly images: number;
  readonly supervised: number;
}

interface Model {
  readonly model: ModelInspection;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

async function longestRows(
  examples: Examples<Conversation>,
  recipe: TrainingRecipe,
  { model, name, signal }: Model,
): Promise<LongestRows> {
  const { answerSpans = "text" } = recipe;
  const format = formatFor(recipe.format, { name, tuningTemplate: model.tuningTemplate });
  const candidates = await largest(examples, { sizeOf: sizeOfConversation, signal });
  const encoded = candidates.flatMap((conversation) => model.encode?.(conversation, format, { answerSpans }) ?? []);
  const most = (of: (one: Encoded) => number): number => Math.max(0, ...encoded.map(of));
  return {
    length: Math.max(
      1,
      Math.min(format.maximumLength, LENGTH_MULTIPLE * Math.ceil(most(({ length }) => length) / LENGTH_MULTIPLE)),
    ),
    images: most(({ images }) => images.length),
    supervised: most(({ supervised }) => supervised),
  };
}

/** Rows are padded to a multiple of this many positions. */
const LENGTH_MULTIPLE = 16;

function sizeOfConversation({ turns, images }: Conversation): number {
  return turns.reduce((sum, { text }) => sum + text.length, 0) + CHARACTERS_PER_IMAGE * images.length;
}

interface ShapeOptions {
  readonly longest: LongestRows;
  readonly needs: TrainingNeeds;
  readonly memory: ModelMemory;
  readonly keepsGradients: boolean;
  readonly adapter?: NonNullable<TrainingRecipe["adapter"]>;
}

function shapeOf(
  { trained, batchSize, microBatchSize: rows, momentPrecision = "float32" }: TrainingRecipe,
  { longest: { length, images, supervised }, needs, memory, keepsGradients, adapter }: ShapeOptions,
): TrainingShape {
  return {
    trained,
    ...(adapter && { adapter }),
    rows,
    length,
    images: rows * images,
    supervised: Math.max(1, rows * supervised),
    microBatches: batchSize / rows,
    gradientCheckpointing: needs.gradientCheckpointing ?? false,
    keepsGradients,
    momentPrecision,
    weightFormat: memory.weightFormat,
  };
}
