import { MlanError, pathOf, shownValue } from "@mlan/core";
import { addedTokens, type SpecialToken } from "./added-tokens.ts";
import { createFastCoder } from "./fast-tokenizer.ts";
import { withPrefixSpace } from "./prefix-space.ts";
import type { SentencePiece } from "./sentencepiece-vocabulary.ts";
import { createSlowCoder, type SlowOptions } from "./slow-tokenizer.ts";
import { refuser } from "./step.ts";
import { createPieces, fingerprintOf, highestId } from "./token-table.ts";
import { GENERIC_CLASSES, type TokenizerConfig } from "./tokenizer-config.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { SPACE, type Vocabulary } from "./vocabulary.ts";

/** A vocabulary file and its contents. */
export interface TokenizerSource {
  readonly file: URL;
  readonly vocabulary: Vocabulary;
  readonly json?: TokenizerJson;
  readonly sentencePiece?: SentencePiece;
  /** Whether the configuration, rather than the file, decides if a begin-of-sequence token is added. */
  readonly leavesBegin?: boolean;
}

/**
 * Creates the tokenizer that transformers creates from a folder's files. A `tokenizer.json` is interpreted step by
 * step. A `tokenizer.model` follows the rules of the slow LlamaTokenizer, which trained such models. A `tokenizer.json`
 * that transformers 4 converted from a `tokenizer.model` follows the same rules if the configuration has the key
 * `legacy`.
 */
export function createTokenizer(
  source: TokenizerSource,
  config: TokenizerConfig,
  { folder, defaults }: { readonly folder: URL; readonly defaults: SpecialNames },
): Tokenizer {
  const { vocabulary, file } = source;
  const isLlama = config.className?.endsWith("LlamaTokenizer") ?? false;
  const names = namesOf(config, defaults);
  const special = [...config.special, ...(isLlama ? present(names, vocabulary) : [])];
  const added = addedTokens(vocabulary, { added: config.added, special }, folder);
  const ids = new Map(added.map(({ content, id }) => [content, id]));
  const idOf = (token: string | undefined): number | undefined => (token === undefined ? undefined : ids.get(token));
  const json = stepsOf(source, config);
  const beginOfSequenceId = beginOf(source, config, { named: idOf(names.begin), isLlama, idOf });
  const endOfSequenceId = idOf(names.end);
  if (endOfSequenceId === undefined)
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(new URL("tokenizer_config.json", folder))} names no eos_token, so answers would never end. ` +
        "Add the key with the token.",
    );
  const isByteLevel = json.preTokenizers.at(-1)?.type === "ByteLevel";
  const unknownId = isByteLevel && json.merging.unknown === undefined ? undefined : idOf(names.unknown);
  const fast = createFastCoder(json, added, refuser(file));
  const slowOptions = isLlama ? slowRules(source, config, unknownId, special) : undefined;
  const slow = slowOptions ? createSlowCoder(vocabulary, added, slowOptions) : fast;
  return {
    folder: pathOf(folder),
    vocabularySize: highestId(vocabulary, added) + 1,
    beginOfSequenceId,
    endOfSequenceId,
    unknownId,
    fingerprint: fingerprintOf(vocabulary, added, settingsOf(json, slowOptions, beginOfSequenceId)),
    addedTokens: [...ids.keys()],
    idOf: (token) => ids.get(token),
    tokenOf: createPieces(vocabulary, added, () => false),
    encode(text, { beginOfSequence = false, fast: isFast = false } = {}) {
      const encoded = (isFast ? fast : slow).encode(text);
      if (beginOfSequence && beginOfSequenceId !== undefined) encoded.unshift(beginOfSequenceId);
      return encoded;
    },
    encodeParts: slow.encodeParts,
    decode: slow.decode,
    decodeSettled: slow.decodeSettled,
  };
}

/** Special tokens by their roles. */
export interface SpecialNames {
  readonly begin?: string | undefined;
  readonly end?: string | undefined;
  readonly unknown?: string | undefined;
}

function namesOf({ beginOfSequence, endOfSequence, unknown }: TokenizerConfig, defaults: SpecialNames): SpecialNames {
  return {
    begin: beginOfSequence ?? defaults.begin,
    end: endOfSequence ?? defaults.end,
    unknown: unknown ?? defaults.unknown,
  };
}

function present(names: SpecialNames, { ids, added }: Vocabulary): SpecialToken[] {
  const isThere = (content: string): boolean => ids.has(content) || added.some((token) => token.content === content);
  return Object.values(names).flatMap((content) => (isThere(content) ? [{ content }] : []));
}

function stepsOf({ json, vocabulary, sentencePiece }: TokenizerSource, config: TokenizerConfig): TokenizerJson {
  const { addPrefixSpace } = config;
  const isGeneric = GENERIC_CLASSES.has(config.className ?? "PreTrainedTokenizer");
  if (json) return isGeneric || addPrefixSpace === undefined ? json : withPrefixSpace(json, addPrefixSpace);
  // The steps into which transformers 4 converts a tokenizer.model.
  const whole: TokenizerJson = {
    vocabulary,
    merging: {
      wholeWords: false,
      byteFallback: sentencePiece?.byteFallback ?? true,
      unknown: config.unknown ?? "<unk>",
      fusesUnknown: true,
    },
    normalizers: [
      { type: "Prepend", prepend: SPACE },
      { type: "Replace", pattern: { String: " " }, content: SPACE },
    ],
    preTokenizers: [],
    decoders: [],
    begin: null,
  };
  return withPrefixSpace(whole, addPrefixSpace ?? true);
}

/** Returns the rules of the slow tokenizer if they apply; undefined if the steps of a `tokenizer.json` apply. */
function slowRules(
  { json, sentencePiece }: TokenizerSource,
  { legacy, addPrefixSpace = true, cleansUp }: TokenizerConfig,
  unknownId: number | undefined,
  special: readonly SpecialToken[],
): SlowOptions | undefined {
  if (json && (legacy === undefined || !isConverted(json))) return undefined;
  return {
    legacy: legacy ?? true,
    addPrefixSpace,
    cleansUp,
    special: new Set(special.map(({ content }) => content)),
    unknownId,
    byteFallback: sentencePiece?.byteFallback ?? true,
    controls: sentencePiece?.controls ?? new Set(),
    prefix: (sentencePiece?.addsPrefix ?? true) ? SPACE : "",
  };
}

/** Returns whether the steps are those of a conversion by transformers 4, with or without `legacy`. */
function isConverted({ normalizers, preTokenizers, merging }: TokenizerJson): boolean {
  const marking = normalizers.filter(({ type }) => type !== "Prepend");
  const marksSpaces = marking.every(({ type, content }) => type === "Replace" && content === SPACE);
  const isMetaspace = preTokenizers.every(({ type, split = true }) => type === "Metaspace" && !split);
  const steps = marking.length + preTokenizers.length;
  return steps === 1 && marksSpaces && isMetaspace && merging.byteFallback && !merging.wholeWords;
}

/**
 * Returns the id of the begin-of-sequence token if one is added. As in transformers, a post-processor in
 * `tokenizer.json` takes precedence over the configuration.
 */
function beginOf(
  { json, file, leavesBegin = false }: TokenizerSource,
  { addBeginOfSequence }: TokenizerConfig,
  {
    named,
    isLlama,
    idOf,
  }: { readonly named: number | undefined; readonly isLlama: boolean; idOf(token: string): number | undefined },
): number | undefined {
  if (!json || json.begin === null) {
    const isAdded = (isLlama || leavesBegin) && (addBeginOfSequence ?? isLlama);
    return isAdded ? named : undefined;
  }
  if (json.begin === undefined) return undefined;
  const { content, ids } = json.begin;
  const id = idOf(content) ?? json.vocabulary.ids.get(content);
  if (ids.length === 1 && ids[0] === id) return id;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: the post-processor gives the token ${shownValue(content)} the ids ` +
      `[${ids.join(", ").slice(0, 60)}], but the vocabulary has ${id}. Download it again.`,
  );
}

/** Returns everything except the vocabulary that affects encoding. */
function settingsOf(json: TokenizerJson, slow: SlowOptions | undefined, begin: number | undefined): unknown {
  const { merging, normalizers, preTokenizers } = json;
  if (!slow) return [merging, normalizers, preTokenizers, begin ?? null];
  return slow.addPrefixSpace ? slow.legacy : [slow.legacy, slow.addPrefixSpace];
}
