import { messageOf } from "@mlan/errors";
import { MlanError, shownValue } from "../errors.ts";
import { unreadRows } from "../run/unread-rows.ts";

/** Source and license of a dataset. */
export interface DatasetCard {
  /** A page or repository that describes the dataset. */
  readonly source: string;
  /** SPDX id, or the license's name and a link. */
  readonly license: string;
  readonly citation?: string;
  readonly modality: "text" | "image" | "mixed";
  /** Owner and name on the Hugging Face Hub, e.g. "google/boolq". */
  readonly repository?: string;
  /** The configuration of the repository, e.g. "high". */
  readonly config?: string;
  /** The published split to read, e.g. "validation". */
  readonly split?: string;
  /** The default commit to read. Without one, the newest commit is read each time the dataset is opened. */
  readonly revision?: string;
  /** Number of rows in the published split. */
  readonly rows?: number;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Called at least once per file and every few megabytes, while files are downloaded or derived from other files. */
  readonly onDownload?: (progress: DownloadProgress) => void;
  /** The datasets that are open already. A view opens its parts through this record, if given. */
  readonly opened?: OpenedDatasets;
}

/** A record of open datasets, so that several views of a dataset open it once. */
export interface OpenedDatasets {
  /**
   * Opens a dataset. Returns the same examples when the same object was opened before; a dataset that could not be
   * opened is opened again.
   */
  open<Example>(dataset: Dataset<Example>, options?: OpenOptions): Promise<Examples<Example>>;
}

/** The progress of downloading or deriving a file. */
export interface DownloadProgress {
  /** Default "downloading". */
  readonly activity?: "downloading" | "quantizing";
  /** Origin of the file, e.g. "lmsys/vicuna-7b-v1.5 on the Hub". */
  readonly source: string;
  readonly file: string;
  /** Bytes written so far, including those written before an interruption. */
  readonly bytes: number;
  /** Final size in bytes. */
  readonly size: number;
}

/** A dataset that a view is composed of. */
export interface DatasetSource {
  readonly name: string;
  readonly card: DatasetCard;
}

/** Examples that are read by index, so that slicing, shuffling, mixing and resuming only compute indexes. */
export interface Dataset<Example> {
  readonly specVersion: 1;
  readonly name: string;
  readonly card: DatasetCard;
  /** The datasets that a view is made of, each once. Absent for a dataset that is not a view. */
  readonly sources?: readonly DatasetSource[];
  /** Downloads, reads and checks the data; creating the dataset does none of this. */
  open(options?: OpenOptions): Promise<Examples<Example>>;
}

export interface Examples<Example> {
  readonly length: number;
  /**
   * Number of examples in the whole dataset. Present only if {@link take} selected the first examples of the dataset.
   */
  readonly total?: number;
  /** Changes whenever an example may have changed. Recorded with runs and results. */
  readonly fingerprint: string;
  /** Returns equal examples for equal indexes. Rejects with a RangeError outside 0..length-1. */
  at(index: number): Promise<Example>;
  /** The opened datasets that a view is made of, each once. Absent for a dataset that is not a view. */
  readonly sources?: readonly ExampleSource[];
  /**
   * Returns the index in {@link sources} of the dataset that an example comes from. Absent for a dataset that is not a
   * view.
   */
  sourceOf?(index: number): number;
}

/** An opened dataset that a view is made of. Two datasets may have the same name. */
export interface ExampleSource {
  readonly name: string;
  readonly fingerprint: string;
}

export interface DatasetDefinition<Row, Example> {
  readonly name: string;
  readonly card?: Partial<DatasetCard>;
  rows(options: OpenOptions): Promise<readonly Row[]>;
  /** Converts a row into an example. Pure. */
  toExample(row: Row, index: number): Example | Promise<Example>;
  /** Identifies the rows, e.g. a checksum or a pinned revision. Default: the SHA-256 of the rows as JSON. */
  fingerprint?(rows: readonly Row[]): string | Promise<string>;
}

/**
 * Creates a dataset from a function that reads rows and a function that converts a row into an example. Both functions'
 * errors become `invalid-data` errors with the dataset's name and, if known, the row and field.
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
            const message = `${name}: row ${index} cannot be turned into an example (${messageOf(cause)}). Correct or remove that row.`;
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
    // Functions in plain JavaScript may return a list in place of a promise, or throw synchronously.
    rows = await read(options);
  } catch (cause) {
    // A signal's reason may be any value.
    throw options.signal?.aborted ? cause : unreadRows(name, cause);
  }
  if (Array.isArray(rows)) return rows;
  throw new MlanError("invalid-data", `${name}: \`rows\` returned ${shownValue(rows)}; return a list of rows.`);
}

/** Returns `index` if it is in 0..length-1. Otherwise throws a RangeError with the dataset's name. */
export function checkIndex(name: string, index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new RangeError(`${name}: there is no example ${index}; it has ${length}, numbered from 0.`);
}

/** Returns the SHA-256 of a value's JSON as 64 hexadecimal digits. The order of keys matters. */
export async function fingerprintOf(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value) ?? ""));
  return Buffer.from(digest).toString("hex");
}
