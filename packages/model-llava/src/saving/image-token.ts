import type { Parameter } from "@mlan/core";
import { type ConfigObject, isObject } from "../config/config-file.ts";
import type { CheckpointContent } from "./checkpoint-content.ts";
import { jsonText } from "./json-numbers.ts";
import { objectOf } from "./sentencepiece-json.ts";

/** The text that transformers replaces with an image. */
export const IMAGE_TOKEN = "<image>";

/** The token that transformers replaces with the features of an image. */
export interface ImageToken {
  readonly id: number;
  /** Number of rows of the embedding and the output layer, including the row of this token. */
  readonly rows: number;
  /** Whether the token must be added to the tokenizer. */
  readonly isNew: boolean;
}

/** The vocabulary is padded to a multiple of this, as in llava-hf: the 32,000 rows of Llama become 32,064. */
const MULTIPLE = 64;

/** Returns the tokenizer's image token, or a new token with the first unused id. */
export function imageTokenOf({ tokenizer, language }: CheckpointContent): ImageToken {
  const known = tokenizer.idOf(IMAGE_TOKEN);
  const id = known ?? tokenizer.vocabularySize;
  const { vocabularySize } = language;
  const rows = id < vocabularySize ? vocabularySize : Math.ceil((id + 1) / MULTIPLE) * MULTIPLE;
  return { id, rows, isNew: known === undefined };
}

/**
 * Adds rows for new tokens to a weight. Each new row is the mean of all rows. The logit of a new token is then the mean
 * of all logits, and never the highest.
 */
export function withRows(weight: Parameter, rows: number): Parameter {
  const [before = 0, columns = 0] = weight.shape;
  if (before === rows) return weight;
  return {
    ...identityOf(weight),
    shape: [rows, columns],
    read: async () => {
      const values = await weight.read();
      const all = new Float32Array(rows * columns);
      all.set(values);
      const sums = new Float64Array(columns);
      for (let index = 0; index < values.length; index++)
        sums[index % columns] = (sums[index % columns] ?? 0) + (values[index] ?? 0);
      const mean = Float32Array.from(sums, (sum) => sum / before);
      for (let row = before; row < rows; row++) all.set(mean, row * columns);
      return all;
    },
  };
}

function identityOf({ name, component }: Parameter): Pick<Parameter, "name" | "component"> {
  return { name, component };
}

/** Adds a new image token to the tokenizer's files, in place. */
export function addImageToken(files: Map<string, string | Uint8Array>, { id, isNew }: ImageToken): void {
  if (!isNew) return;
  const token = { content: IMAGE_TOKEN, single_word: false, lstrip: false, rstrip: false, normalized: false };
  const special = { ...token, special: true };
  const change = (name: string, next: (value: ConfigObject) => ConfigObject): void => {
    files.set(name, jsonText(next(objectOf(files, name))));
  };
  if (files.has("tokenizer.json")) {
    change("tokenizer.json", (json) => {
      const added = json["added_tokens"];
      return { ...json, added_tokens: [...(Array.isArray(added) ? added : []), { id, ...special }] };
    });
  }
  if (files.has("added_tokens.json")) change("added_tokens.json", (ids) => ({ ...ids, [IMAGE_TOKEN]: id }));
  change("tokenizer_config.json", (config) => {
    // If this list did not exist, creating it would hide the tokens in the older files.
    const decoder = config["added_tokens_decoder"];
    if (!isObject(decoder)) return config;
    return { ...config, added_tokens_decoder: { ...decoder, [id]: special } };
  });
}
