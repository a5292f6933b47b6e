import { readProtobuf, type ProtobufField } from "./protobuf.ts";

/** The parts of a `tokenizer.model` that affect encoding. */
export interface SentencePieceModel {
  /** The pieces in the order of their ids. */
  readonly pieces: readonly SentencePiece[];
  readonly algorithm: "unigram" | "bpe" | "word" | "char";
  /** Whether a character without a piece becomes the pieces of its UTF-8 bytes. */
  readonly byteFallback: boolean;
  /** Whether the model changes text before encoding, apart from adding a space in front. */
  readonly rewritesText: boolean;
  /** Whether text gets a space in front. */
  readonly addsPrefix: boolean;
}

interface SentencePiece {
  readonly text: string;
  /** Priority of the piece. The pair that forms the piece with the highest score is merged first. */
  readonly score: number;
  readonly type: "normal" | "unknown" | "control" | "user-defined" | "unused" | "byte";
}

const TYPES = ["normal", "unknown", "control", "user-defined", "unused", "byte"] as const;
const ALGORITHMS = ["unigram", "bpe", "word", "char"] as const;

/**
 * Reads a SentencePiece model (`sentencepiece_model.proto` of google/sentencepiece). Throws an Error with the cause for
 * invalid bytes.
 */
export function parseSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  const fields = [...readProtobuf(bytes)];
  const pieces = messages(fields, 1).map(parsePiece);
  if (pieces.length === 0) throw new Error("it holds no pieces, so it is not a SentencePiece model");
  const trainer = messages(fields, 2).flat();
  const normalizer = messages(fields, 3).flat();
  return {
    pieces,
    algorithm: nameOf(ALGORITHMS, numberOf(trainer, 3, 1), "model type"),
    byteFallback: numberOf(trainer, 35, 0) !== 0,
    rewritesText:
      textOf(normalizer, 2) !== "" ||
      numberOf(normalizer, 4, 1) !== 0 ||
      numberOf(normalizer, 5, 1) === 0 ||
      numberOf(trainer, 24, 0) !== 0,
    addsPrefix: numberOf(normalizer, 3, 1) !== 0,
  };
}

function parsePiece(fields: readonly ProtobufField[]): SentencePiece {
  return {
    text: textOf(fields, 1),
    score: numberOf(fields, 2, 0),
    type: nameOf(TYPES, numberOf(fields, 3, 1), "piece type"),
  };
}

function messages(fields: readonly ProtobufField[], number: number): ProtobufField[][] {
  return fields
    .filter((field) => field.number === number)
    .map(({ value }) => [...readProtobuf(bytesOf(value, number))]);
}

function textOf(fields: readonly ProtobufField[], number: number): string {
  const field = fields.findLast((candidate) => candidate.number === number);
  return field === undefined ? "" : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(field.value, number));
}

function numberOf(fields: readonly ProtobufField[], number: number, otherwise: number): number {
  const field = fields.findLast((candidate) => candidate.number === number);
  if (field === undefined) return otherwise;
  if (typeof field.value === "number") return field.value;
  throw new Error(`field ${number} is not a number, so it is not a SentencePiece model`);
}

function bytesOf(value: ProtobufField["value"], number: number): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`field ${number} is neither a text nor a message, so it is not a SentencePiece model`);
}

function nameOf<Name>(names: readonly Name[], number: number, what: string): Name {
  const name = names[number - 1];
  if (name !== undefined) return name;
  throw new Error(`it has the unknown ${what} ${number}, so it is not a SentencePiece model`);
}
