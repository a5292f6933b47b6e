import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, textWording, type TrainableModel } from "@mlan/core";
import { createLlavaSource, llama, type LlavaSource } from "@mlan/model-llava";
import { changeWeights } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";

/** The model that `writeTinyLlava` wrote to these folders, on the backend onnx. */
export function tinySource(weights: URL, visionTower?: URL, adapters: Readonly<Record<string, URL>> = {}): LlavaSource {
  return createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute: createScope([onnx()]).get(COMPUTE),
    weights,
    adapters,
    untunedWording: textWording("tiny", "", ""),
    ...(visionTower && { visionTower }),
  });
}

/** Sets the template of a tiny model to v1, and makes its weights so large that answers depend on the question. */
export function makeTalk(model: TrainableModel): void {
  model.setFormat({ ...model.format, template: "v1" });
  changeWeights(model, ({ component, variable }) =>
    component !== "vision" && variable.rank === 2 ? tf.mul(variable, 8) : undefined,
  );
}
