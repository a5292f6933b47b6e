import * as tf from "@tensorflow/tfjs-core";
import type { Variable } from "@tensorflow/tfjs-core";
import { counted, type LearningParameter, MlanError, type TrainingRecipe } from "@mlan/core";
import {
  type AdamWParameter,
  type AdamWStep,
  applyAdamW,
  type MomentPrecision,
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
  /** Returns the moments, named after their parameters. */
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
  /** The learning rate of this step, as a fraction of the peak. */
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
  const moments = states.flatMap(({ name, variable: { shape }, firstMoment, secondMoment }): Moment[] => [
    { name: `${name}.first_moment`, moment: firstMoment, shape },
    { name: `${name}.second_moment`, moment: secondMoment, shape },
  ]);
  const stored = STORED[momentPrecision];
  return {
    step(gradients, { factor, ...rest }) {
      for (const peak of new Set(rates)) {
        const own = <Value>(all: readonly Value[]): readonly Value[] => all.filter((_, index) => rates[index] === peak);
        applyAdamW(own(states), own(gradients), { ...rest, momentPrecision, learningRate: () => peak * factor() });
      }
    },
    tensors: () =>
      moments.map((one) => ({
        name: one.name,
        shape: stored.shapeOf(one),
        dtype: stored.dtype,
        data: () => stored.write(one),
      })),
    async load(tensors) {
      checkMoments(moments, stored, tensors);
      for (const { name, moment } of moments) {
        const values = await stored.read(tensors, name);
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
}

/** How a checkpoint stores moments of one precision. */
interface StoredMoment {
  readonly dtype: "F32" | "BF16" | "I32";
  shapeOf(moment: Moment): readonly number[];
  write(moment: Moment): Promise<Float32Array | Int32Array>;
  /** Reads the elements of a moment. */
  read(tensors: SafetensorsReader, name: string): Promise<Float32Array | Int32Array>;
}

const STORED: Readonly<Record<MomentPrecision, StoredMoment>> = {
  float32: {
    dtype: "F32",
    shapeOf: ({ shape }) => shape,
    write: ({ moment }) => moment.data<"float32">(),
    read: (tensors, name) => tensors.read(name),
  },
  bfloat16: {
    dtype: "BF16",
    shapeOf: ({ shape }) => shape,
    write: async ({ moment, shape }) => unpackedMoment(await moment.data<"int32">(), tf.util.sizeFromShape(shape)),
    read: async (tensors, name) => packedMoment(await tensors.read(name)),
  },
  int8: {
    dtype: "I32",
    shapeOf: ({ moment }) => moment.shape,
    write: ({ moment }) => moment.data<"int32">(),
    read: (tensors, name) => tensors.readInt32(name),
  },
};

function checkMoments(
  moments: readonly Moment[],
  { dtype: wanted, shapeOf }: StoredMoment,
  { entries }: SafetensorsReader,
): void {
  for (const one of moments) {
    const { name } = one;
    const own = shapeOf(one);
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
