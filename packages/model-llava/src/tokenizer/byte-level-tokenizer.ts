import { messageOf, MlanError, pathOf, shownValue } from "@mlan/core";
import { z } from "zod";
import { fileExists } from "../config/checkpoint-file.ts";
import { checkConfig, readConfigFile } from "../config/config-file.ts";
import { addedTokens } from "./added-tokens.ts";
import { asByteCharacters, bytesOfPiece } from "./byte-characters.ts";
import { byteLevelModel, type ByteLevelModel } from "./byte-level-json.ts";
import { createBytePairEncoder } from "./byte-pairs.ts";
import { createWordSplitter } from "./split-words.ts";
import { createPieces, fingerprintOf, highestId } from "./token-table.ts";
import {
  readTokenizerConfigFiles,
  TOKENIZER_CONFIG_FILES,
  tokenizerConfig,
  type TokenizerConfigFiles,
  tokenText,
} from "./tokenizer-config.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { AddedToken } from "./vocabulary.ts";
import { rememberWords } from "./word-encoder.ts";
import { splitAtTokens, wellFormed } from "./written-tokens.ts";

export const BYTE_LEVEL_FILES: readonly string[] = ["tokenizer.json", ...TOKENIZER_CONFIG_FILES];

/** Reads `tokenizer.json` and the files beside it that name special and added tokens. */
export async function loadByteLevelTokenizer(folder: URL): Promise<Tokenizer> {
  const file = new URL("tokenizer.json", folder);
  const isOlder = !(await fileExists(file)) && (await fileExists(new URL("merges.txt", folder)));
  if (isOlder)
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(folder)} has vocab.json and merges.txt, which do not say how text is cut into words, and no ` +
        "tokenizer.json. Load the tokenizer with transformers' AutoTokenizer and save it there: save_pretrained writes one.",
    );
  const model = byteLevelModel(await readConfigFile(file), file);
  const files = await readTokenizerConfigFiles(folder);
  return createByteLevelTokenizer(model, namedTokens(model, files), folder);
}

/** Which tokens are added, and which of them begin and end a sequence. */
interface NamedTokens {
  readonly added: readonly AddedToken[];
  readonly special: readonly string[];
  readonly begin: string | undefined;
  readonly end: string;
}

function namedTokens({ begin }: ByteLevelModel, files: TokenizerConfigFiles): NamedTokens {
  const { file } = files.config;
  const { beginOfSequence, endOfSequence, unknown, added } = tokenizerConfig(files);
  const config = checkConfig(schema, files.config.value, file);
  const others = [config.pad_token, config.cls_token, config.sep_token, config.mask_token];
  const further = [config.additional_special_tokens, config.extra_special_tokens].flatMap((tokens) =>
    Object.values(tokens ?? {}),
  );
  if (endOfSequence === undefined)
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(file)} names no eos_token, so that no answer would end. Add the key with the token.`,
    );
  return {
    added,
    special: [beginOfSequence, endOfSequence, unknown, begin?.content, ...others, ...further].filter(
      (token) => typeof token === "string",
    ),
    // As transformers: beside a tokenizer.json, add_bos_token and add_eos_token say nothing.
    begin: begin?.content,
    end: endOfSequence,
  };
}

const off = z.literal(false, { error: "only false is supported" }).nullish();
const tokens = z.union([z.array(tokenText), z.record(z.string(), tokenText)]).nullish();
const schema = z.object({
  add_prefix_space: off,
  split_special_tokens: off,
  pad_token: tokenText.nullish(),
  cls_token: tokenText.nullish(),
  sep_token: tokenText.nullish(),
  mask_token: tokenText.nullish(),
  additional_special_tokens: tokens,
  extra_special_tokens: tokens,
});

/** A tokenizer as the library of Hugging Face makes it of a byte-level `tokenizer.json`. */
function createByteLevelTokenizer(model: ByteLevelModel, named: NamedTokens, folder: URL): Tokenizer {
  const { vocabulary, wholeWords, forms, rules } = model;
  const added = addedTokens(vocabulary, named, folder);
  const idByContent = new Map(added.map(({ content, id }) => [content, id]));
  const idOf = (token: string): number | undefined => idByContent.get(token);
  const beginOfSequenceId = named.begin === undefined ? undefined : idOf(named.begin);
  checkBegin(model, idOf, folder);
  const normalized = (text: string): string => forms.reduce((changed, form) => changed.normalize(form), text);
  const encodeWords = createWordsEncoder(model, folder);
  const early = finder(added.filter((token) => !token.normalized));
  const lateTokens = added.filter((token) => token.normalized);
  const late = finder(lateTokens.map((token) => ({ ...token, content: normalized(token.content) })));
  const pieceOf = createPieces(vocabulary, added);
  return {
    folder: pathOf(folder),
    vocabularySize: highestId(vocabulary, added) + 1,
    beginOfSequenceId,
    endOfSequenceId: idOf(named.end) ?? 0,
    unknownId: undefined,
    fingerprint: fingerprintOf(vocabulary, added, [
      wholeWords,
      forms,
      rules,
      beginOfSequenceId ?? null,
      lateTokens.map(({ id }) => id),
    ]),
    addedTokens: [...idByContent.keys()],
    idOf,
    encode(text, { beginOfSequence = false } = {}) {
      const ids = beginOfSequence && beginOfSequenceId !== undefined ? [beginOfSequenceId] : [];
      for (const segment of early(wellFormed(text))) {
        if (typeof segment === "number") ids.push(segment);
        else
          for (const part of late(normalized(segment))) {
            if (typeof part === "number") ids.push(part);
            else encodeWords(part, ids);
          }
      }
      return ids;
    },
    encodeParts: (parts) =>
      parts.map((part) => {
        if (typeof part === "number") return [part];
        const ids: number[] = [];
        encodeWords(normalized(wellFormed(part)), ids);
        return ids;
      }),
    decode(ids) {
      const bytes: number[] = [];
      for (const id of ids) for (const byte of bytesOfPiece(pieceOf(id))) bytes.push(byte);
      return utf8.decode(Uint8Array.from(bytes));
    },
  };
}

/** U+FEFF at the beginning is a character as any other. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The post-processor of a `tokenizer.json` writes the token's id beside its content. */
function checkBegin({ begin }: ByteLevelModel, idOf: (token: string) => number | undefined, folder: URL): void {
  if (!begin || (begin.ids.length === 1 && begin.ids[0] === idOf(begin.content))) return;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(new URL("tokenizer.json", folder))}: the post-processor gives the token ` +
      `${shownValue(begin.content)} the ids [${begin.ids.join(", ").slice(0, 60)}], the vocabulary has ${idOf(begin.content)}. ` +
      "Download it again.",
  );
}

function createWordsEncoder(
  { vocabulary, wholeWords, rules }: ByteLevelModel,
  folder: URL,
): (text: string, output: number[]) => void {
  const merge = createBytePairEncoder(vocabulary, undefined);
  const { ids } = vocabulary;
  const encodeWord = rememberWords((word) => {
    const characters = asByteCharacters(word);
    const whole = wholeWords ? ids.get(characters) : undefined;
    return whole === undefined ? merge(characters) : [whole];
  });
  const split = wordSplitter(rules, folder);
  return (text, output) => {
    for (const word of split(text)) for (const id of encodeWord(word)) output.push(id);
  };
}

function wordSplitter(rules: ByteLevelModel["rules"], folder: URL): (text: string) => readonly string[] {
  try {
    return createWordSplitter(rules);
  } catch (cause) {
    const message = `model-llava: ${pathOf(new URL("tokenizer.json", folder))}: the tokenizer ${messageOf(cause)}. It cannot be read as it is meant.`;
    throw new MlanError("invalid-checkpoint", message, { cause });
  }
}

/** Cuts text into the ids of tokens that are written in it, and the text between them. */
function finder(tokens: readonly AddedToken[]): (text: string) => readonly (string | number)[] {
  const ids = new Map(tokens.map(({ content, id }) => [content, id]));
  const split = splitAtTokens(ids.keys());
  return (text) => split(text).map((part) => ids.get(part) ?? part);
}
