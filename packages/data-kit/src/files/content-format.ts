import { MlanError, shownValue } from "@mlan/core";
import { open } from "node:fs/promises";

/** How a file stores its rows: as one JSON array, one JSON value per line, a text table, or Parquet. */
export type ContentFormat = "array" | "lines" | "table" | "parquet";

/**
 * Detects the format of a file of rows from its first bytes. CSV and TSV have no signature, so they are recognized by
 * the extension of `name`. Throws `invalid-data` for an unsupported format, which the message names if it is known.
 */
export async function contentFormat(errorPrefix: string, file: URL, name: string): Promise<ContentFormat> {
  const handle = await open(file);
  try {
    if ((await handle.stat()).isDirectory()) throw notRows(errorPrefix, name, "is a folder; name the file in it");
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return formatOf(errorPrefix, name, buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** Number of bytes read: enough for one row of most files, and for the signature of a tar archive. */
const HEAD_BYTES = 65_536;

function formatOf(errorPrefix: string, name: string, head: Buffer): ContentFormat {
  const ending = /\.[^./]*$/.exec(name)?.[0].toLowerCase() ?? "";
  // An empty file of lines is a split without rows.
  if (head.length === 0 && LINES.has(ending)) return "lines";
  if (head.length === 0) throw notRows(errorPrefix, name, "is empty; write or download it again");
  if (head.toString("latin1", 0, 4) === "PAR1") return "parquet";
  const kind = KINDS.find(({ at = 0, mark }) => head.toString("latin1", at, at + mark.length) === mark);
  if (kind) throw notRows(errorPrefix, name, kind.problem);
  const text = head.toString("utf8").replace(/^\ufeff/, "");
  const start = text.trimStart();
  if (looksLikeUtf16(head)) throw notRows(errorPrefix, name, UTF_16);
  if (endsLinesInCr(start)) throw notRows(errorPrefix, name, "ends its lines in CR alone; save it with LF");
  if (start === "") return "lines";
  if (start.startsWith("<"))
    throw notRows(errorPrefix, name, "is a page of HTML or XML, not rows; download the file itself");
  if (start.startsWith("[")) return "array";
  if (start.startsWith("{")) return linesOrProblem(errorPrefix, name, start);
  if (TABLES.has(ending)) return "table";
  if (LINES.has(ending)) return "lines";
  const found = `holds neither JSON nor Parquet: it begins with ${shownValue(start.slice(0, 40))}`;
  throw notRows(errorPrefix, name, `${found}; rows are read from JSON, JSON lines, Parquet, .csv and .tsv`);
}

/**
 * Returns "lines" if the file begins with one value per line. Throws otherwise: an object over several lines is a
 * single value, not rows.
 */
function linesOrProblem(errorPrefix: string, name: string, start: string): ContentFormat {
  const first = /^(.*)\n/.exec(start)?.[1]?.trimEnd() ?? "";
  if (!/[{[,]$/.test(first)) return "lines";
  throw notRows(
    errorPrefix,
    name,
    "holds one JSON object over several lines; rows are an array, or one object per line",
  );
}

function notRows(errorPrefix: string, name: string, problem: string): MlanError {
  return new MlanError("invalid-data", `${errorPrefix}: ${name} ${problem}.`);
}

/** Whether the file looks like ASCII text with two bytes per character and no byte order mark. */
function looksLikeUtf16(head: Buffer): boolean {
  return head.length >= 4 && [0, 1].some((offset) => head[offset] === 0 && head[offset + 2] === 0);
}

/** Whether a CR without an LF separates rows. A CR inside a JSON value or a quoted cell does not separate rows. */
function endsLinesInCr(start: string): boolean {
  if (start.startsWith("[")) return false;
  if (start.startsWith("{")) return !start.includes("\n") && /\}[ \t]*\r\s*\{/.test(start);
  return /^(?:[^"\r\n]|"[^"]*")*\r[^\r\n]/.test(start);
}

const TABLES: ReadonlySet<string> = new Set([".csv", ".tsv", ".tab"]);
const LINES: ReadonlySet<string> = new Set([".jsonl", ".ndjson"]);
const UTF_16 = "is UTF-16 text; save it as UTF-8";
const packed = (kind: string): string => `is compressed with ${kind}; unpack it`;

interface Kind {
  /** The signature, one character per byte. */
  readonly mark: string;
  /** Offset of the signature from the beginning of the file, in bytes. Default 0. */
  readonly at?: number;
  readonly problem: string;
}

const KINDS: readonly Kind[] = [
  { mark: "\x1f\x8b", problem: packed("gzip") },
  { mark: "PK\x03\x04", problem: "is a zip archive; unpack it" },
  { mark: "\x28\xb5\x2f\xfd", problem: packed("zstd") },
  { mark: "\xfd7zXZ\x00", problem: packed("xz") },
  { mark: "BZh", problem: packed("bzip2") },
  { mark: "7z\xbc\xaf\x27\x1c", problem: "is a 7z archive; unpack it" },
  { mark: "ustar", at: 257, problem: "is a tar archive; unpack it" },
  { mark: "PARE", problem: "is encrypted Parquet, which is not supported" },
  { mark: "ARROW1", problem: "is an Arrow file, which is not supported; save it as Parquet or JSON" },
  { mark: "\xff\xff\xff\xff", problem: "is an Arrow stream, which is not supported; save it as Parquet or JSON" },
  { mark: "version https://git-lfs", problem: "is a Git LFS pointer, not the file; fetch it with `git lfs pull`" },
  {
    mark: "SQLite format 3",
    problem: "is an SQLite database, which is not supported; export its table as JSON or CSV",
  },
  { mark: "%PDF", problem: "is a PDF, not rows" },
  { mark: "\x89PNG", problem: "is a PNG image, not rows" },
  { mark: "\xff\xd8\xff", problem: "is a JPEG image, not rows" },
  { mark: "\x80\x04\x95", problem: "is a Python pickle, which is not supported; save it as JSON" },
  { mark: "\x80\x05\x95", problem: "is a Python pickle, which is not supported; save it as JSON" },
  { mark: "\xff\xfe", problem: UTF_16 },
  { mark: "\xfe\xff", problem: UTF_16 },
];
