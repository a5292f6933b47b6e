import type { Conversation, Dataset, DatasetCard } from "@mlan/core";
import { datasetFromRows } from "../dataset-from-rows.ts";
import type { FileSource } from "../files/file-source.ts";
import type { ImagePlaces } from "../images/image-store.ts";
import { rowsFrom } from "../rows/rows-from.ts";
import { conversationOf, llavaImages, llavaRecord } from "./llava-record.ts";
import { withPartsAsText } from "./message-parts.ts";

export interface ConversationsDefinition {
  readonly name: string;
  /** Begins every error. Default: the name. */
  readonly errorPrefix?: string;
  readonly source: FileSource;
  /** Patterns, best first; all files of the first one with any are read. */
  readonly files: readonly string[];
  /** Default: of unknown licence, text and images. */
  readonly card?: DatasetCard;
  /** Where the images are that rows name. Default: `images/` beside the rows, then their folder. */
  readonly images?: ImagePlaces;
  /** {@link llavaRecord}, perhaps with further conditions. */
  readonly schema?: typeof llavaRecord;
}

/**
 * A tuning dataset from files in the formats of LLaVA, ShareGPT or OpenAI's messages: a JSON array, JSON lines, Parquet,
 * or a table with them as JSON. Reads the files when it is opened, and images when they are needed.
 */
export function conversationsFrom(definition: ConversationsDefinition): Dataset<Conversation> {
  const { name, errorPrefix = name, source, files, images, schema = llavaRecord } = definition;
  return datasetFromRows({
    name,
    card: definition.card ?? { source: source.place, license: "unknown", modality: "mixed" },
    rows: rowsFrom({
      errorPrefix,
      source,
      files,
      schema,
      prepare: withPartsAsText,
      images: { column: llavaImages, ...images },
    }),
    idOf: ({ id }, index) => String(id ?? index),
    toExample: conversationOf,
  });
}
