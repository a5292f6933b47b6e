import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope } from "@mlan/core";
import { createLlavaSource, type LlavaModel } from "@mlan/model-llava";
import { type SavedModel, WORDINGS, writeTinyLlava } from "@mlan/testing";
import { qwen2Architecture } from "#internal/architecture.ts";
import { FIXTURES } from "./fixture-network.ts";

/**
 * LLaVA on Qwen2 in the layout of transformers. tools/fixtures/saved_models.py asks transformers the same questions as
 * the test asks mlan.
 */
export async function savedModels(folder: URL): Promise<readonly SavedModel[]> {
  const { tower } = await writeTinyLlava(new URL("tiny/", folder), { seed: 14 });
  const source = createLlavaSource({
    name: "qwen2",
    architecture: qwen2Architecture,
    compute: createScope([onnx()]).get(COMPUTE),
    weights: new URL("tied/", FIXTURES),
    visionTower: tower,
    untunedWording: WORDINGS["llama2-base"],
  });
  return [
    {
      name: "tied",
      prompt: "<image>the yes",
      image: new URL("../../model-llava/test/fixtures/images/wide.png", import.meta.url),
      open: async () => {
        const model = await source.open();
        model.setFormat({ ...model.format, template: "chatml" });
        return model;
      },
      save: async (model, target) => (model as LlavaModel).save(target, { layout: "hf" }),
    },
  ];
}
