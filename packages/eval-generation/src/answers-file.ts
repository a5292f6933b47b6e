import { mkdir, open, readFile, truncate } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type AnswerRecord, messageOf, MlanError } from "@mlan/core";
import { z } from "zod";

/** The first line of an answer file: what its answers are answers to. */
export interface AnswersHeader {
  readonly format: "mlan-answers";
  readonly version: 1;
  readonly benchmark: string;
  readonly protocol: string;
  readonly protocolVersion: number;
  readonly promptFamily: string;
  readonly questions: number;
  /** Of questions, prompts and protocol. */
  readonly fingerprint: string;
  /** Fingerprint of architecture, tokenizer and format; weights are not part of it. */
  readonly model: string;
}

export interface StoredAnswers {
  /** Absent when not even the first line is whole. */
  readonly header?: AnswersHeader;
  readonly records: readonly AnswerRecord[];
  /** Bytes up to the end of the last whole line; what follows was being written when the process died. */
  readonly wholeBytes: number;
}

/** Answers that are kept as they come. */
export interface AnswersFile {
  readonly records: readonly AnswerRecord[];
  append(record: AnswerRecord): Promise<void>;
  close(): Promise<void>;
}

const ANSWERS_PER_SYNC = 32;
const NEWLINE = 0x0a;

const headerSchema: z.ZodType<AnswersHeader> = z.object({
  format: z.literal("mlan-answers"),
  version: z.literal(1),
  benchmark: z.string(),
  protocol: z.string(),
  protocolVersion: z.number(),
  promptFamily: z.string(),
  questions: z.number(),
  fingerprint: z.string(),
  model: z.string(),
});

const recordSchema = z.object({
  id: z.string(),
  answer: z.string(),
  extracted: z.string().nullable(),
  target: z.string(),
  correct: z.boolean(),
  cluster: z.string().exactOptional(),
});

/**
 * Opens or begins the answer file. A half-written last line is cut off. Throws `run-folder` when the file holds
 * answers to something else or is damaged elsewhere, `unavailable` when it cannot be read or written.
 */
export async function openAnswers(file: URL, header: AnswersHeader): Promise<AnswersFile> {
  const path = fileURLToPath(file);
  const stored = parseAnswers(await readOrEmpty(file, path), path);
  if (stored.header) checkHeader(path, stored.header, header);
  const handle = await attempt(path, async () => {
    await mkdir(new URL("./", file), { recursive: true });
    const opened = await open(file, "a");
    await truncate(file, stored.wholeBytes);
    if (!stored.header) await opened.appendFile(`${JSON.stringify(header)}\n`);
    await opened.datasync();
    return opened;
  });
  let unsynced = 0;
  return {
    records: stored.records,
    async append(record) {
      await attempt(path, () => handle.appendFile(`${JSON.stringify(record)}\n`));
      if (++unsynced % ANSWERS_PER_SYNC === 0) await attempt(path, () => handle.datasync());
    },
    async close() {
      await attempt(path, () => handle.datasync()).finally(() => handle.close());
    },
  };
}

/** Reads the whole lines of an answer file. Throws `run-folder` with `name` and the line for any that is damaged. */
export function parseAnswers(bytes: Uint8Array, name: string): StoredAnswers {
  const wholeBytes = bytes.lastIndexOf(NEWLINE) + 1;
  const [first, ...rest] = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split("\n").slice(0, -1);
  if (first === undefined) return { records: [], wholeBytes: 0 };
  const header = parseLine(headerSchema, first, 1, name);
  return { header, records: rest.map((line, index) => parseLine(recordSchema, line, index + 2, name)), wholeBytes };
}

function parseLine<Value>(schema: z.ZodType<Value>, line: string, number: number, name: string): Value {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    const found = line.length > 60 ? `${line.slice(0, 60)}...` : line;
    const message = `generation: line ${number} of ${name} is not what an answer file holds (${found}). Delete the file to ask again.`;
    throw new MlanError("run-folder", message, { cause });
  }
}

function checkHeader(path: string, found: AnswersHeader, expected: AnswersHeader): void {
  const keys = [
    "benchmark",
    "protocol",
    "protocolVersion",
    "promptFamily",
    "questions",
    "fingerprint",
    "model",
  ] as const;
  const key = keys.find((one) => found[one] !== expected[one]);
  if (key === undefined) return;
  throw new MlanError(
    "run-folder",
    `generation: ${path} holds answers to something else: its ${key} is ${found[key]}, now it is ${expected[key]}. ` +
      "Use another run folder, or delete the file to ask again.",
  );
}

async function readOrEmpty(file: URL, path: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return new Uint8Array();
    throw new MlanError("unavailable", `generation: cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function attempt<Value>(path: string, write: () => Promise<Value>): Promise<Value> {
  try {
    return await write();
  } catch (cause) {
    const message = `generation: cannot write ${path}: ${messageOf(cause)}. Answers so far are kept; run again to go on.`;
    throw new MlanError("unavailable", message, { cause });
  }
}
