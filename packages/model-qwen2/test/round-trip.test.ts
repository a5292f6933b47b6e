import { chatml } from "@mlan/model-qwen2";
import { describeSavedModelsContract } from "@mlan/testing";
import { savedModels } from "./saved-models.ts";

describeSavedModelsContract({
  models: savedModels,
  names: ["tied"],
  fixture: new URL("fixtures/saved/", import.meta.url),
  templates: { tied: chatml },
  beginOfSequence: "",
});
