import { type AnswerRecord, MlanError } from "@mlan/core";
import { createHash } from "node:crypto";
import { z } from "zod";
import { type AnswersHeader, headerSchema } from "./answers-header.ts";

export interface StoredAnswers {
  /** The first line. Absent when it is incomplete. */
  readonly header?: AnswersHeader;
  /** The answers in intact lines. */
  readonly records: readonly AnswerRecord[];
  /** The numbers of the damaged lines, counted from 1. */
  readonly damaged: readonly number[];
  /** Number of bytes up to the end of the last complete line. The process ended while it wrote the remaining bytes. */
  readonly wholeBytes: number;
}

/** Returns the line for an answer. The line ends with a checksum of the record. */
export function answerLine(record: AnswerRecord): string {
  return `${JSON.stringify({ ...record, checksum: checksumOf(record) })}\n`;
}

/**
 * Reads the complete lines of an answer file. Throws `run-folder`, with `name`, when the first line is not a header.
 */
export function parseAnswers(bytes: Uint8Array, name: string): StoredAnswers {
  const wholeBytes = bytes.lastIndexOf(NEWLINE) + 1;
  const [first, ...rest] = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split("\n").slice(0, -1);
  if (first === undefined) return { records: [], damaged: [], wholeBytes: 0 };
  const header = parsed(headerSchema, first);
  if (!header) {
    const found = first.length > 60 ? `${first.slice(0, 60)}...` : first;
    const message = `line 1 of ${name} is not the header of an answer file (${found}). Delete the file to ask again.`;
    throw new MlanError("run-folder", message);
  }
  const lines = rest.map((line) => recordIn(line));
  const damaged = lines.flatMap((record, index) => (record ? [] : [index + 2]));
  return { header, records: lines.flatMap((record) => record ?? []), damaged, wholeBytes };
}

const NEWLINE = 0x0a;

const recordFields = z.object({
  id: z.string(),
  answer: z.string(),
  extracted: z.string().nullable(),
  target: z.string(),
  correct: z.boolean(),
  cluster: z.string().exactOptional(),
  kind: z.string().exactOptional(),
  truncatedPositions: z.number().exactOptional(),
  /** The name of `truncatedPositions` in earlier versions. */
  cutPositions: z.number().exactOptional(),
  prompt: z.string().exactOptional(),
  asked: z.string().exactOptional(),
  images: z.array(z.string()).exactOptional(),
  choices: z.array(z.object({ label: z.string(), text: z.string() })).exactOptional(),
  scores: z.array(z.object({ logProbability: z.number(), tokens: z.number(), characters: z.number() })).exactOptional(),
});

const recordSchema: z.ZodType<AnswerRecord> = recordFields.transform(({ cutPositions, ...record }) =>
  cutPositions === undefined ? record : { truncatedPositions: cutPositions, ...record },
);

/** Parses a line. Undefined when the line is damaged. Lines of earlier versions have no checksum. */
function recordIn(line: string): AnswerRecord | undefined {
  const value = parsed(lineSchema, line);
  if (!value) return undefined;
  const { checksum, ...written } = value;
  if (checksum !== undefined && checksum !== checksumOf(written)) return undefined;
  return recordSchema.safeParse(written).data;
}

const lineSchema = z.looseObject({ checksum: z.string().exactOptional() });

function checksumOf(record: object): string {
  return createHash("sha256").update(JSON.stringify(record)).digest("hex").slice(0, 16);
}

function parsed<Value>(schema: z.ZodType<Value>, line: string): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
