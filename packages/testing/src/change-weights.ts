import type { LearningParameter, TrainableModel } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Changes the parameters of a model that is not being trained. `change` runs in a `tf.tidy` and returns the new value
 * of a parameter; undefined leaves the parameter unchanged.
 */
export function changeWeights(
  model: TrainableModel,
  change: (parameter: LearningParameter) => tf.Tensor | undefined,
): void {
  const learning = model.learn(["language", "projector", "vision"]);
  for (const parameter of learning.parameters) {
    tf.tidy(() => {
      const changed = change(parameter);
      if (changed) parameter.variable.assign(changed);
    });
  }
  learning.end();
}
