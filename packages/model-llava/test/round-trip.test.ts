import { describeSavedModelsContract } from "@mlan/testing";
import { savedModels } from "./saved-models.ts";

describeSavedModelsContract({
  models: savedModels,
  names: ["padded", "cropped", "text", "sentencepiece"],
  fixture: new URL("fixtures/saved/", import.meta.url),
});
