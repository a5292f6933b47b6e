import { messageOf, MlanError, shownValue } from "./errors.ts";
import { unreadRows } from "./unread-rows.ts";

/** Where a dataset comes from and what may be done with it. */
export interface DatasetCard {
  /** A page or repository that describes it. */
  readonly source: string;
  /** SPDX id, or a name and link. */
  readonly license: string;
  readonly citation?: string;
  readonly modality: "text" | "image" | "mixed";
  /** Owner and name on the Hugging Face Hub, e.g. "google/boolq". */
  readonly repository?: string;
  /** The configuration of the repository that is read, e.g. "high". */
  readonly config?: string;
  /** The published split that is read, e.g. "validation". */
  readonly split?: string;
  /** The commit that is read unless options name another. Absent: the newest one, at each opening. */
  readonly revision?: string;
  /** Rows that the split is published with. */
  readonly rows?: number;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
}

/** Rows of one source, by index: slices, shuffles, mixtures and resuming are then arithmetic. */
export interface Dataset<Example> {
  readonly specVersion: 1;
  readonly name: string;
  readonly card: DatasetCard;
  /** Does all the work that creation did not: reads, downloads, checks. */
  open(options?: OpenOptions): Promise<Examples<Example>>;
}

export interface Examples<Example> {
  readonly length: number;
  /** Examples of the whole, where these are only its first ({@link take}). */
  readonly total?: number;
  /** Changes whenever any example could: stamped on runs and results. */
  readonly fingerprint: string;
  /** The same index gives an equal example each time. Rejects with a RangeError outside 0..length-1. */
  at(index: number): Promise<Example>;
}

export interface DatasetDefinition<Row, Example> {
  readonly name: string;
  readonly card?: Partial<DatasetCard>;
  /** Reads all rows, checked. */
  rows(options: OpenOptions): Promise<readonly Row[]>;
  /** Pure: depends on its arguments only. */
  toExample(row: Row, index: number): Example | Promise<Example>;
  /** Names the content, e.g. a checksum or a pinned revision. By default a hash of the rows as JSON. */
  fingerprint?(rows: readonly Row[]): string | Promise<string>;
}

/**
 * A dataset from a function that reads rows and one that makes an example of a row. What these throw becomes an
 * `invalid-data` error that names dataset, row and field, where zod or the row's number says them.
 */
export function defineDataset<Row, Example>(definition: DatasetDefinition<Row, Example>): Dataset<Example> {
  const { name, card } = definition;
  return {
    specVersion: 1,
    name,
    card: { source: name, license: "unknown", modality: "mixed", ...card },
    async open(options = {}) {
      const rows = await rowsOf(definition, options);
      const fingerprint = definition.fingerprint ? await definition.fingerprint(rows) : await fingerprintOf(rows);
      return {
        length: rows.length,
        fingerprint,
        async at(index) {
          const row = rows[checkIndex(name, index, rows.length)];
          if (row === undefined) throw new MlanError("invalid-data", `${name}: row ${index} is undefined.`);
          try {
            return await definition.toExample(row, index);
          } catch (cause) {
            if (MlanError.is(cause)) throw cause;
            const message = `${name}: row ${index} cannot be made an example (${messageOf(cause)}). Correct or remove that row.`;
            throw new MlanError("invalid-data", message, { cause });
          }
        },
      };
    },
  };
}

async function rowsOf<Row, Example>(
  { name, rows: read }: DatasetDefinition<Row, Example>,
  options: OpenOptions,
): Promise<readonly Row[]> {
  let rows: unknown;
  try {
    // Files that nobody type-checks may return the list itself, or throw at once.
    rows = await read(options);
  } catch (cause) {
    // The reason of an aborted opening may be anything.
    throw options.signal?.aborted ? cause : unreadRows(name, cause);
  }
  if (Array.isArray(rows)) return rows;
  throw new MlanError("invalid-data", `${name}: \`rows\` gave ${shownValue(rows)}, and should give a list of rows.`);
}

/** `index`, when it lies in 0..length-1. Throws a RangeError that names the dataset otherwise. */
export function checkIndex(name: string, index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new RangeError(`${name}: there is no example ${index}; it has ${length}, numbered from 0.`);
}

/** SHA-256 of a value's JSON as 64 hexadecimal digits. Keys count in the order in which they stand. */
export async function fingerprintOf(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value) ?? ""));
  return Buffer.from(digest).toString("hex");
}
