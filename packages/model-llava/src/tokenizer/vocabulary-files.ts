import { MlanError, pathOf } from "@mlan/core";
import { readCheckpointFile } from "../config/checkpoint-file.ts";
import { type ConfigObject, readConfigFile } from "../config/config-file.ts";

/**
 * Reads `vocab.json` and `merges.txt` as the equivalent of a `tokenizer.json`. As in transformers, the class in
 * `tokenizer_config.json` determines how text is split into words. Throws `invalid-checkpoint` for an unknown class.
 */
export async function readVocabularyFiles(folder: URL, className: string | undefined): Promise<ConfigObject> {
  const steps = CLASSES[className ?? ""];
  if (!steps)
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(folder)} has vocab.json and merges.txt, which do not say how text is split into words, no ` +
        `tokenizer.json, and the tokenizer_class ${JSON.stringify(className?.slice(0, 60))} in tokenizer_config.json; known ` +
        `are ${Object.keys(CLASSES).join(" and ")}. Load the tokenizer with transformers' AutoTokenizer and save it there: ` +
        "save_pretrained writes a tokenizer.json.",
    );
  const vocab = await readConfigFile(new URL("vocab.json", folder));
  const text = (await readCheckpointFile(new URL("merges.txt", folder))).toString("utf8");
  const merges = text.split("\n").filter((line) => line !== "" && !line.startsWith("#version"));
  return { ...steps, decoder: { type: "ByteLevel" }, model: { type: "BPE", vocab, merges } };
}

const BYTES = { type: "ByteLevel", add_prefix_space: false };
const QWEN2 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
/** The steps of the classes in transformers 5. */
const CLASSES: Readonly<Record<string, ConfigObject>> = {
  GPT2Tokenizer: { pre_tokenizer: BYTES },
  Qwen2Tokenizer: {
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: QWEN2 }, behavior: "Isolated", invert: false },
        { ...BYTES, use_regex: false },
      ],
    },
  },
};
