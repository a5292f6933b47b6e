import { open, truncate } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  type AnswerRecord,
  makeFolder,
  fileProblem,
  MlanError,
  readFileIfThere,
  writeFileAtomically,
} from "@mlan/core";
import { type AnswersHeader, checkHeader } from "./answers-header.ts";
import { answerLine, parseAnswers, type StoredAnswers } from "./parse-answers.ts";

/** A file to which answers are appended. */
export interface AnswerLog {
  /** The answers that the file already contained. */
  readonly records: readonly AnswerRecord[];
  /**
   * Appends an answer. The line survives the end of the process once the promise resolves, and a power cut after
   * {@link AnswerLog.sync}.
   */
  append(record: AnswerRecord): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens or creates an answer file. Removes damaged lines, so that their questions are asked again. Throws `run-folder`
 * when the file belongs to another evaluation, and `unavailable` when it cannot be read or written.
 */
export async function openAnswerLog(file: URL, header: AnswersHeader): Promise<AnswerLog> {
  const path = fileURLToPath(file);
  const stored = parseAnswers((await readFileIfThere(file)) ?? new Uint8Array(), path);
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
 * Reads an answer file. A missing file is read as empty. Throws `run-folder` when the file is damaged, and
 * `unavailable` when it cannot be read.
 */
export async function readAnswers(file: URL): Promise<StoredAnswers> {
  const path = fileURLToPath(file);
  const stored = parseAnswers((await readFileIfThere(file)) ?? new Uint8Array(), path);
  const [first] = stored.damaged;
  if (first === undefined) return stored;
  const more = stored.damaged.length > 1 ? ` and ${stored.damaged.length - 1} more` : "";
  const message = `line ${first}${more} of ${path} is damaged. Run the experiment or study again in its folder: the questions of damaged lines are asked again.`;
  throw new MlanError("run-folder", message);
}

function headerLine(header: AnswersHeader): string {
  return `${JSON.stringify(header)}\n`;
}

async function attempt<Value>(path: string, write: () => Promise<Value>): Promise<Value> {
  try {
    return await write();
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const message = `cannot write ${path}: ${fileProblem(cause).replace(/\.?$/, ".")} Earlier answers are kept; run the command again to continue.`;
    throw new MlanError("unavailable", message, { cause });
  }
}
