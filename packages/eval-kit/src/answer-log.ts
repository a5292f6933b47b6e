import { open, readFile, truncate } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type AnswerRecord, makeFolder, messageOf, MlanError } from "@mlan/core";
import { type AnswersHeader, checkHeader } from "./answers-header.ts";
import { parseAnswers, type StoredAnswers } from "./parse-answers.ts";

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
 * Opens or begins the answer file. A half-written last line is cut off. Throws `run-folder` when the file holds
 * answers to something else or is damaged elsewhere, `unavailable` when it cannot be read or written.
 */
export async function openAnswerLog(file: URL, header: AnswersHeader): Promise<AnswerLog> {
  const path = fileURLToPath(file);
  const stored = await readAnswers(file);
  if (stored.header) checkHeader(path, stored.header, header);
  const handle = await attempt(path, async () => {
    await makeFolder(new URL("./", file));
    const opened = await open(file, "a");
    await truncate(file, stored.wholeBytes);
    if (!stored.header) await opened.appendFile(`${JSON.stringify(header)}\n`);
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
      await attempt(path, () => handle.appendFile(`${JSON.stringify(record)}\n`));
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
  return parseAnswers(await readOrEmpty(file, path), path);
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
    const message = `cannot write ${path}: ${messageOf(cause)}. Answers so far are kept; run again to go on.`;
    throw new MlanError("unavailable", message, { cause });
  }
}
