import { messageOf, MlanError, pathOf } from "@mlan/core";
import { parseSentencePieceModel, type SentencePieceModel } from "./sentencepiece-model.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface SentencePiece extends Pick<SentencePieceModel, "byteFallback" | "addsPrefix"> {
  /** Pieces that encoding never produces and that decode to nothing. */
  readonly controls: ReadonlySet<string>;
}

/**
 * Reads a SentencePiece `tokenizer.model` with Llama's settings: byte-pair encoding of unchanged text. Throws
 * `invalid-checkpoint` with the problem, or with the kind of an unsupported model.
 */
export function readSentencePiece(
  bytes: Uint8Array,
  file: URL,
): { readonly vocabulary: Vocabulary; readonly sentencePiece: SentencePiece } {
  const model = parse(bytes, file);
  refuseOtherKinds(model, file);
  const ids = new Map(model.pieces.map(({ text }, id) => [text, id]));
  const controls = new Set(model.pieces.filter(({ type }) => type === "control").map(({ text }) => text));
  return { vocabulary: { ids, merges: mergesOf(model), added: [] }, sentencePiece: { ...model, controls } };
}

function parse(bytes: Uint8Array, file: URL): SentencePieceModel {
  try {
    return parseSentencePieceModel(bytes);
  } catch (cause) {
    const message = `model-llava: ${pathOf(file)} is not a SentencePiece model: ${messageOf(cause)}. Download it again.`;
    throw new MlanError("invalid-checkpoint", message, { cause });
  }
}

function refuseOtherKinds({ algorithm, rewritesText, pieces }: SentencePieceModel, file: URL): void {
  const odd = pieces.find(({ type }) => type === "user-defined" || type === "unused");
  const found =
    (algorithm !== "bpe" && `is of type ${algorithm}`) ||
    (rewritesText && "rewrites text before encoding it") ||
    (odd && `has the ${odd.type} piece ${JSON.stringify(odd.text)}`);
  if (!found) return;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: the SentencePiece model ${found}. Only models of Llama's kind are supported ` +
      "(type bpe, text not rewritten).",
  );
}

/**
 * Returns the merges. SentencePiece joins any two adjacent pieces that form a piece, the highest score first, so every
 * split of a piece into two pieces is a merge.
 */
function mergesOf({ pieces }: SentencePieceModel): [string, string][] {
  const ids = new Map<string, number>();
  for (const [id, { text, type }] of pieces.entries()) if (type === "normal") ids.set(text, id);
  const merges: { pair: [string, string]; score: number; left: number; right: number }[] = [];
  for (const [text, id] of ids) {
    for (const pair of splitsOf(text)) {
      const [left, right] = pair.map((part) => ids.get(part));
      if (left !== undefined && right !== undefined) merges.push({ pair, score: pieces[id]?.score ?? 0, left, right });
    }
  }
  merges.sort((a, b) => b.score - a.score || a.left - b.left || a.right - b.right);
  return merges.map(({ pair }) => pair);
}

function splitsOf(text: string): [string, string][] {
  const splits: [string, string][] = [];
  let left = "";
  for (const character of text) {
    if (left !== "") splits.push([left, text.slice(left.length)]);
    left += character;
  }
  return splits;
}
