import * as tf from "@tensorflow/tfjs-core";
import type { Variable } from "@tensorflow/tfjs-core";
import { counted, type LearningParameter, MlanError, type TrainingRecipe } from "@mlan/core";
import { type AdamWParameter, type AdamWStep, applyAdamW } from "@mlan/fused-ops";
import type { SafetensorsReader, TensorToWrite } from "@mlan/safetensors";
import type { Gradients } from "./gradients.ts";
import { peakLearningRate } from "./learning-rate.ts";

/** AdamW for the trained parameters of a model, with the moments that a checkpoint stores. */
export interface Optimizer {
  step(gradients: Gradients, step: OptimizerStep): void;
  /** The moments, float32, named after their parameters. */
  tensors(): readonly TensorToWrite[];
  /** Loads the moments that {@link tensors} returned. Throws `run-folder` when names, shapes or types differ, before any moment changes. */
  load(tensors: SafetensorsReader): Promise<void>;
  dispose(): void;
}

/** Numbers of one update. */
export interface OptimizerStep extends Pick<AdamWStep, "step" | "guard"> {
  /** Share of the peak learning rates. */
  readonly factor: () => number;
}

/** Creates an optimizer with all moments zero. */
export function createOptimizer(
  parameters: readonly LearningParameter[],
  recipe: Pick<TrainingRecipe, "weightDecay" | "learningRate" | "learningRates">,
): Optimizer {
  const states = parameters.map(({ name, variable }): NamedState => ({
    name,
    variable,
    firstMoment: zerosLike(variable),
    secondMoment: zerosLike(variable),
    weightDecay: decays(name) ? recipe.weightDecay : 0,
  }));
  const rates = parameters.map(({ component }) => peakLearningRate(recipe, component));
  const moments = states.flatMap(({ name, firstMoment, secondMoment }) => [
    { name: `${name}.first_moment`, moment: firstMoment },
    { name: `${name}.second_moment`, moment: secondMoment },
  ]);
  return {
    step(gradients, { factor, ...rest }) {
      for (const peak of new Set(rates)) {
        const own = <Value>(all: readonly Value[]): readonly Value[] => all.filter((_, index) => rates[index] === peak);
        applyAdamW(own(states), own(gradients), { ...rest, learningRate: () => peak * factor() });
      }
    },
    tensors: () =>
      moments.map(({ name, moment }) => ({
        name,
        shape: moment.shape,
        dtype: "F32",
        data: () => moment.data<"float32">(),
      })),
    async load(tensors) {
      checkMoments(moments, tensors);
      for (const { name, moment } of moments) {
        const values = await tensors.read(name);
        tf.tidy(() => moment.assign(tf.tensor(values, moment.shape)));
      }
    },
    dispose: () => tf.dispose(moments.map(({ moment }) => moment)),
  };
}

interface Moment {
  readonly name: string;
  readonly moment: Variable;
}

function checkMoments(moments: readonly Moment[], { entries }: SafetensorsReader): void {
  for (const { name, moment } of moments) {
    const { dtype, shape } = entries.get(name) ?? {};
    if (dtype === "F32" && shape?.join() === moment.shape.join()) continue;
    const found = shape ? `${dtype} [${shape.join(", ")}]` : "missing";
    throw new MlanError(
      "run-folder",
      `In the optimizer, "${name}" is ${found} instead of F32 [${moment.shape.join(", ")}]. Restore it from a copy.`,
    );
  }
  if (entries.size === moments.length) return;
  throw new MlanError(
    "run-folder",
    `The optimizer has ${counted(entries.size, "tensor")} instead of ${moments.length}. Restore it from a copy.`,
  );
}

interface NamedState extends AdamWParameter {
  readonly name: string;
}

/** Whether weight decay applies: not to biases or the weights of normalizations (transformers 4.37.2, `Trainer.create_optimizer`). */
function decays(name: string): boolean {
  return !/bias|norm/.test(name);
}

function zerosLike({ shape }: Variable): Variable {
  return tf.tidy(() => tf.variable(tf.zeros(shape), false));
}
