import * as tf from "@tensorflow/tfjs-core";
import type { Variable } from "@tensorflow/tfjs-core";
import { counted, type LearningParameter, MlanError, type TrainingRecipe } from "@mlan/core";
import {
  type AdamWParameter,
  type AdamWStep,
  applyAdamW,
  packedMoment,
  unpackedMoment,
  zeroMoment,
} from "@mlan/fused-ops";
import type { SafetensorsReader, TensorToWrite } from "@mlan/safetensors";
import type { Gradients } from "./gradients.ts";
import { peakLearningRate } from "./learning-rate.ts";

/** AdamW for the trained parameters of a model. A checkpoint stores its moments. */
export interface Optimizer {
  step(gradients: Gradients, step: OptimizerStep): void;
  /** Returns the moments, float32 or bfloat16, named after their parameters. */
  tensors(): readonly TensorToWrite[];
  /**
   * Loads the moments that {@link tensors} returned. Throws `run-folder` when names, shapes or types differ; the
   * moments are then unchanged.
   */
  load(tensors: SafetensorsReader): Promise<void>;
  dispose(): void;
}

/** The numbers that an update uses. */
interface OptimizerStep extends Pick<AdamWStep, "step" | "guard"> {
  /** The learning rate of this step, as a share of the peak. */
  readonly factor: () => number;
}

/** Creates an optimizer with all moments zero. */
export function createOptimizer(
  parameters: readonly LearningParameter[],
  recipe: Pick<TrainingRecipe, "weightDecay" | "learningRate" | "learningRates" | "momentPrecision">,
): Optimizer {
  const { momentPrecision = "float32" } = recipe;
  const states = parameters.map(({ name, variable }): NamedState => ({
    name,
    variable,
    firstMoment: zeroMoment(variable.shape, momentPrecision),
    secondMoment: zeroMoment(variable.shape, momentPrecision),
    weightDecay: decays(name) ? recipe.weightDecay : 0,
  }));
  const rates = parameters.map(({ component }) => peakLearningRate(recipe, component));
  const moments = states.flatMap(({ name, variable: { shape, size }, firstMoment, secondMoment }): Moment[] => [
    { name: `${name}.first_moment`, moment: firstMoment, shape, size },
    { name: `${name}.second_moment`, moment: secondMoment, shape, size },
  ]);
  const dtype = momentPrecision === "bfloat16" ? "BF16" : "F32";
  return {
    step(gradients, { factor, ...rest }) {
      for (const peak of new Set(rates)) {
        const own = <Value>(all: readonly Value[]): readonly Value[] => all.filter((_, index) => rates[index] === peak);
        applyAdamW(own(states), own(gradients), { ...rest, momentPrecision, learningRate: () => peak * factor() });
      }
    },
    tensors: () =>
      moments.map(({ name, moment, shape, size }) => ({
        name,
        shape,
        dtype,
        data: async () =>
          momentPrecision === "float32"
            ? await moment.data<"float32">()
            : unpackedMoment(await moment.data<"int32">(), size),
      })),
    async load(tensors) {
      checkMoments(moments, dtype, tensors);
      for (const { name, moment } of moments) {
        const read = await tensors.read(name);
        const values = momentPrecision === "float32" ? read : packedMoment(read);
        tf.tidy(() => moment.assign(tf.tensor(values, moment.shape, moment.dtype)));
      }
    },
    dispose: () => tf.dispose(moments.map(({ moment }) => moment)),
  };
}

interface Moment {
  readonly name: string;
  readonly moment: Variable;
  /** Shape of the parameter. */
  readonly shape: number[];
  readonly size: number;
}

function checkMoments(moments: readonly Moment[], wanted: "F32" | "BF16", { entries }: SafetensorsReader): void {
  for (const { name, shape: own } of moments) {
    const { dtype, shape } = entries.get(name) ?? {};
    if (dtype === wanted && shape?.join() === own.join()) continue;
    const found = shape ? `${dtype} [${shape.join(", ")}]` : "missing";
    throw new MlanError(
      "run-folder",
      `In the optimizer, "${name}" is ${found} instead of ${wanted} [${own.join(", ")}]. Restore it from a copy.`,
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

/**
 * Whether weight decay applies to a parameter. It does not apply to biases and the weights of normalizations
 * (transformers 4.37.2, `Trainer.create_optimizer`).
 */
function decays(name: string): boolean {
  return !/bias|norm/.test(name);
}
