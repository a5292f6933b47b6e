import { type AnswerRecord, MlanError } from "@mlan/core";
import { z } from "zod";
import { type AnswersHeader, headerSchema } from "./answers-header.ts";

export interface StoredAnswers {
  /** Absent when not even the first line is whole. */
  readonly header?: AnswersHeader;
  readonly records: readonly AnswerRecord[];
  /** Bytes up to the end of the last whole line; what follows was being written when the process died. */
  readonly wholeBytes: number;
}

/** Reads the whole lines of an answer file. Throws `run-folder` with `name` and the line for any that is damaged. */
export function parseAnswers(bytes: Uint8Array, name: string): StoredAnswers {
  const wholeBytes = bytes.lastIndexOf(NEWLINE) + 1;
  const [first, ...rest] = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split("\n").slice(0, -1);
  if (first === undefined) return { records: [], wholeBytes: 0 };
  const header = parseLine(headerSchema, first, 1, name);
  return { header, records: rest.map((line, index) => parseLine(recordSchema, line, index + 2, name)), wholeBytes };
}

const NEWLINE = 0x0a;

const recordSchema: z.ZodType<AnswerRecord> = z.object({
  id: z.string(),
  answer: z.string(),
  extracted: z.string().nullable(),
  target: z.string(),
  correct: z.boolean(),
  cluster: z.string().exactOptional(),
  choices: z.array(z.object({ label: z.string(), text: z.string() })).exactOptional(),
  scores: z.array(z.object({ logProbability: z.number(), tokens: z.number(), characters: z.number() })).exactOptional(),
});

function parseLine<Value>(schema: z.ZodType<Value>, line: string, number: number, name: string): Value {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    const found = line.length > 60 ? `${line.slice(0, 60)}...` : line;
    const message = `line ${number} of ${name} is not what an answer file holds (${found}). Delete the file to ask again.`;
    throw new MlanError("run-folder", message, { cause });
  }
}
