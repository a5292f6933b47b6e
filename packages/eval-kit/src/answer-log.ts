import { open, readFile, truncate } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type AnswerRecord, makeFolder, messageOf, MlanError, writeFileAtomically } from "@mlan/core";
import { type AnswersHeader, checkHeader } from "./answers-header.ts";
import { answerLine, parseAnswers, type StoredAnswers } from "./parse-answers.ts";

/** Answers that are kept as they come. */
export interface AnswerLog {
  /** Those that were there before. */
  readonly records: readonly AnswerRecord[];
  /** Adds a line. Once it resolves, the line outlives this process; {@link AnswerLog.sync} makes it outlive the machine. */
  append(record: AnswerRecord): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens or begins the answer file. Lines that are not as they were written are removed, so that their questions are asked
 * again. Throws `run-folder` when the file holds answers to something else, `unavailable` when it cannot be read or
 * written.
 */
export async function openAnswerLog(file: URL, header: AnswersHeader): Promise<AnswerLog> {
  const path = fileURLToPath(file);
  const stored = parseAnswers(await readOrEmpty(file, path), path);
  if (stored.header) checkHeader(path, stored.header, header);
  const handle = await attempt(path, async () => {
    await makeFolder(new URL("./", file));
    if (stored.header && stored.damaged.length > 0) {
      await writeFileAtomically(file, [headerLine(stored.header), ...stored.records.map(answerLine)].join(""));
    }
    const opened = await open(file, "a");
    if (stored.damaged.length === 0) await truncate(file, stored.wholeBytes);
    if (!stored.header) await opened.appendFile(headerLine(header));
    await opened.datasync();
    return opened;
  });
  let dirty = false;
  const sync = async (): Promise<void> => {
    if (dirty) await attempt(path, () => handle.datasync());
    dirty = false;
  };
  return {
    records: stored.records,
    async append(record) {
      await attempt(path, () => handle.appendFile(answerLine(record)));
      dirty = true;
    },
    sync,
    close: () => sync().finally(() => handle.close()),
  };
}

/**
 * What an answer file holds; nothing when there is none. Throws `run-folder` when it is damaged, `unavailable` when it
 * cannot be read.
 */
export async function readAnswers(file: URL): Promise<StoredAnswers> {
  const path = fileURLToPath(file);
  const stored = parseAnswers(await readOrEmpty(file, path), path);
  const [first] = stored.damaged;
  if (first === undefined) return stored;
  const more = stored.damaged.length > 1 ? ` and ${stored.damaged.length - 1} more` : "";
  const message = `line ${first}${more} of ${path} is not as it was written. Run the experiment again in its folder: what was asked there is asked anew.`;
  throw new MlanError("run-folder", message);
}

function headerLine(header: AnswersHeader): string {
  return `${JSON.stringify(header)}\n`;
}

async function readOrEmpty(file: URL, path: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return new Uint8Array();
    throw new MlanError("unavailable", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function attempt<Value>(path: string, write: () => Promise<Value>): Promise<Value> {
  try {
    return await write();
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const message = `cannot write ${path}: ${messageOf(cause)}. Answers so far are kept; run again to go on.`;
    throw new MlanError("unavailable", message, { cause });
  }
}
