import { z } from "zod";
import { bytesOfPiece } from "./byte-characters.ts";
import type { PrependScheme } from "./pre-tokenizers.ts";
import { type Refuse, refuseGrowth, stepPattern, type StepPattern, stepText, stepType } from "./step.ts";

/** Maps pieces to pieces. The results of the last step are joined to text. */
type DecodeStep = (pieces: readonly string[]) => readonly string[];

export interface Decoder {
  decode(pieces: readonly string[]): string;
  /** Returns the leading pieces whose text later pieces cannot change. */
  settled(pieces: readonly string[]): readonly string[];
}

/** Creates the decoder of a `tokenizer.json` from its steps. Without steps, pieces are joined with spaces. */
export function createDecoder(steps: readonly DecoderStep[], refuse: Refuse): Decoder {
  if (steps.length === 0) return { decode: (pieces) => pieces.join(" "), settled: (pieces) => pieces };
  refuseGrowth(steps, refuse);
  const all = steps.map((one) => decoderOf(one, refuse));
  // One more byte may turn all preceding bytes into U+FFFD.
  const hasByteRuns = steps.some(({ type }) => type === "ByteFallback");
  return {
    decode: (pieces) => all.reduce((decoded, apply) => apply(decoded), pieces).join(""),
    settled: (pieces) =>
      hasByteRuns ? pieces.slice(0, pieces.findLastIndex((piece) => !BYTE.test(piece)) + 1) : pieces,
  };
}

function decoderOf(one: DecoderStep, refuse: Refuse): DecodeStep {
  const { type, pattern, content = "", start = 0, stop = 0, replacement = "" } = one;
  switch (type) {
    case "ByteLevel":
      return (pieces) => {
        const bytes: number[] = [];
        for (const piece of pieces) for (const byte of bytesOfPiece(piece)) bytes.push(byte);
        return [utf8.decode(Uint8Array.from(bytes))];
      };
    case "ByteFallback":
      return bytesToText;
    case "Fuse":
      return (pieces) => [pieces.join("")];
    case "Strip":
      return (pieces) => pieces.map((piece) => stripped(piece, content, start, stop));
    case "Metaspace": {
      const first = (one.prepend_scheme ?? "always") === "never" ? " " : "";
      return (pieces) => pieces.map((piece, index) => piece.replaceAll(replacement, () => (index === 0 ? first : " ")));
    }
    default: {
      const from = pattern?.String;
      if (type !== "Replace" || !from) throw refuse(`decodes with ${type}`);
      return (pieces) => pieces.map((piece) => piece.replaceAll(from, () => content));
    }
  }
}

/** Removes up to `start` and `stop` occurrences of a character at the beginning and the end. */
function stripped(piece: string, character: string, start: number, stop: number): string {
  if (character === "") return piece;
  let from = 0;
  let to = piece.length;
  for (let count = 0; count < start && piece.startsWith(character, from); count++) from += character.length;
  for (let count = 0; count < stop && to > from && piece.endsWith(character, to); count++) to -= character.length;
  return piece.slice(from, to);
}

/** Decodes each run of byte pieces as UTF-8. In an invalid run, each piece becomes U+FFFD. */
function bytesToText(pieces: readonly string[]): readonly string[] {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) texts.push(textOfBytes(bytes));
    bytes = [];
  };
  for (const piece of pieces) {
    const byte = BYTE.exec(piece)?.[1];
    if (byte === undefined) {
      flush();
      texts.push(piece);
    } else bytes.push(Number.parseInt(byte, 16));
  }
  flush();
  return texts;
}

function textOfBytes(bytes: readonly number[]): string {
  try {
    return strictUtf8.decode(Uint8Array.from(bytes));
  } catch {
    return "\ufffd".repeat(bytes.length);
  }
}

const BYTE = /^<0x([0-9A-Fa-f]{2})>$/;
/** Does not drop U+FEFF at the beginning. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const strictUtf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** A step as written in the file. */
export interface DecoderStep {
  readonly type: string;
  readonly pattern?: StepPattern | undefined;
  readonly content?: string | undefined;
  readonly start?: number | undefined;
  readonly stop?: number | undefined;
  readonly replacement?: string | undefined;
  readonly prepend_scheme?: PrependScheme | undefined;
}

const step = z.object({
  type: stepType,
  pattern: stepPattern.optional(),
  content: stepText.optional(),
  start: z.int().nonnegative().max(1000).optional(),
  stop: z.int().nonnegative().max(1000).optional(),
  replacement: z.string().optional(),
  prepend_scheme: z.enum(["first", "always", "never"]).optional(),
});
export const decoderSchema: z.ZodType<readonly DecoderStep[]> = step
  .extend({ decoders: z.array(step).optional() })
  .nullish()
  .transform((one) => (one?.type === "Sequence" ? (one.decoders ?? []) : one ? [one] : []));
