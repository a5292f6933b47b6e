import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { createLlavaSource, llama, type LlavaModel, type SaveOptions } from "@mlan/model-llava";
import { type SavedModel, WORDINGS, writeTinyLlava } from "@mlan/testing";
import { changeJson, compute, rewriteTensors } from "./tiny-llava.ts";

/**
 * Models in the layouts of transformers. tools/fixtures/saved_models.py asks transformers the same questions as the
 * test asks mlan.
 */
export async function savedModels(folder: URL): Promise<readonly SavedModel[]> {
  const { backbone, tower } = await writeTinyLlava(new URL("tiny/", folder), { seed: 14 });
  const sentencePiece = await withSentencePiece(backbone, new URL("sentencepiece-backbone/", folder));
  const open = (weights: URL, visionTower?: URL): Promise<LlavaModel> =>
    createLlavaSource({
      name: "tiny",
      architecture: llama,
      compute,
      weights,
      visionTower,
      untunedWording: WORDINGS["llama2-base"],
    }).open();
  const tuned = async (imageAspectRatio: "pad" | "square", weights = backbone): Promise<LlavaModel> => {
    const model = await open(weights, tower);
    model.setFormat({ template: "v1", imageAspectRatio, maximumLength: 256 });
    return model;
  };
  const image = new URL("fixtures/images/wide.png", import.meta.url);
  const asked = (name: string, options: SaveOptions, opened: () => Promise<LlavaModel>): SavedModel => ({
    name,
    prompt: "the yes",
    open: opened,
    save: async (model, target) => (model as LlavaModel).save(target, options),
  });
  const seeing = { prompt: "<image>the yes", image };
  return [
    { ...asked("padded", { layout: "hf", shardSize: 40_000 }, () => tuned("pad")), ...seeing },
    { ...asked("cropped", { layout: "hf" }, () => tuned("square")), ...seeing },
    { ...asked("sentencepiece", { layout: "hf" }, () => tuned("pad", sentencePiece)), ...seeing },
    asked("text", { layout: "hf" }, () => open(backbone)),
  ];
}

/** Returns the backbone with only the SentencePiece model as its tokenizer. */
export async function withSentencePiece(backbone: URL, folder: URL): Promise<URL> {
  await cp(backbone, folder, { recursive: true });
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) await rm(new URL(name, folder));
  const model = new URL("fixtures/tokenizer/sentencepiece/tokenizer.model", import.meta.url);
  await writeFile(new URL("tokenizer.model", folder), await readFile(model));
  await changeJson(new URL("config.json", folder), { vocab_size: PIECES });
  await rewriteTensors(folder, (all) =>
    all.map((tensor) => {
      const [rows = 0, columns = 0] = tensor.shape;
      if (!/embed_tokens|lm_head/.test(tensor.name)) return tensor;
      const grown = async (): Promise<Float32Array> => {
        const values = await tensor.data();
        return Float32Array.from({ length: PIECES * columns }, (_, index) => {
          return (values[index % (rows * columns)] ?? 0) * (index < rows * columns ? 1 : -0.5);
        });
      };
      return { ...tensor, shape: [PIECES, columns], data: grown };
    }),
  );
  return folder;
}

const PIECES = 440;
