import type { LearningParameter, TrainableModel } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Gives the parameters of a model that does not learn just now other values, as a training would. `change` returns what a
 * parameter becomes (run in a `tf.tidy`), undefined where it stays.
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
