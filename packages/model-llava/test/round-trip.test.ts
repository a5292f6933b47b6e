import { v1 } from "@mlan/model-llava";
import { describeSavedModelsContract } from "@mlan/testing";
import { savedModels } from "./saved-models.ts";

describeSavedModelsContract({
  models: savedModels,
  names: ["padded", "cropped", "text", "sentencepiece"],
  fixture: new URL("fixtures/saved/", import.meta.url),
  templates: { padded: v1, cropped: v1, sentencepiece: v1 },
  beginOfSequence: "<s>",
});
