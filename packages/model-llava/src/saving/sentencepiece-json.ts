import { MlanError } from "@mlan/core";
import { type ConfigObject, isObject } from "../config/config-file.ts";
import { readSentencePiece } from "../tokenizer/sentencepiece-vocabulary.ts";
import { SPACE } from "../tokenizer/vocabulary.ts";
import { jsonText, parseJson } from "./json-numbers.ts";

/**
 * Creates the `tokenizer.json` for a folder with only a SentencePiece `tokenizer.model` of Llama. The steps are those
 * of transformers' LlamaConverter. Without this file, transformers would load LLaVA with a tokenizer that adds no space
 * before text.
 */
export function tokenizerJsonOf(bytes: Uint8Array, files: ReadonlyMap<string, string | Uint8Array>): string {
  const { vocabulary, sentencePiece } = readSentencePiece(bytes, new URL("file:///tokenizer.model"));
  const { ids, merges } = vocabulary;
  const config = objectOf(files, "tokenizer_config.json");
  const legacy = config["legacy"] !== false;
  const isSpaced = config["add_prefix_space"] !== false;
  const named = (key: string, otherwise: string): string => contentOf(config[key]) ?? otherwise;
  const [unknown, begin] = [named("unk_token", "<unk>"), named("bos_token", "<s>")];
  const beginId = ids.get(begin);
  const first = { SpecialToken: { id: begin, type_id: 0 } };
  const begins = config["add_bos_token"] !== false && beginId !== undefined ? [first] : [];
  return jsonText({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(ids, [unknown, begin, named("eos_token", "</s>")], files),
    normalizer: legacy ? { type: "Sequence", normalizers: isSpaced ? [PREPEND, REPLACE] : [REPLACE] } : null,
    pre_tokenizer: legacy
      ? null
      : { type: "Metaspace", replacement: SPACE, prepend_scheme: isSpaced ? "first" : "never", split: false },
    post_processor: {
      type: "TemplateProcessing",
      single: [...begins, { Sequence: { id: "A", type_id: 0 } }],
      pair: [...begins, { Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: begins.length > 0 ? { [begin]: { id: begin, ids: [beginId], tokens: [begin] } } : {},
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(isSpaced ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: sentencePiece.byteFallback,
      vocab: Object.fromEntries(ids),
      merges: merges.map(([left, right]) => `${left} ${right}`),
    },
  });
}

const PREPEND = { type: "Prepend", prepend: SPACE };
const REPLACE = { type: "Replace", pattern: { String: " " }, content: SPACE };

/** Returns the special tokens, and the tokens that further files in the folder add. */
function addedTokens(
  ids: ReadonlyMap<string, number>,
  special: readonly string[],
  files: ReadonlyMap<string, string | Uint8Array>,
): readonly ConfigObject[] {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const tokens = new Map<number, ConfigObject>();
  for (const content of special) {
    const id = ids.get(content);
    if (id !== undefined) tokens.set(id, { id, content, ...flags });
  }
  for (const [content, id] of Object.entries(objectOf(files, "added_tokens.json")))
    if (typeof id === "number") tokens.set(id, { id, content, ...flags });
  const decoder = objectOf(files, "tokenizer_config.json")["added_tokens_decoder"];
  for (const [id, token] of Object.entries(isObject(decoder) ? decoder : {}))
    if (isObject(token)) tokens.set(Number(id), { id: Number(id), ...flags, ...token });
  return [...tokens.entries()].toSorted(([left], [right]) => left - right).map(([, token]) => token);
}

function contentOf(token: unknown): string | undefined {
  const content = isObject(token) ? token["content"] : token;
  return typeof content === "string" ? content : undefined;
}

/** Returns the JSON object in a file; {} if there is no such file. */
export function objectOf(files: ReadonlyMap<string, string | Uint8Array>, name: string): ConfigObject {
  const found = files.get(name);
  if (found === undefined) return {};
  const value = parseJson(Buffer.from(found).toString("utf8"));
  if (isObject(value)) return value;
  throw new MlanError("invalid-checkpoint", `model-llava: ${name} must hold a JSON object. Download it again.`);
}
