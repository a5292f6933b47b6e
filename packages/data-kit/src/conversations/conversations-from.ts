import type { Conversation, Dataset, DatasetCard } from "@mlan/core";
import { datasetFromRows } from "../dataset-from-rows.ts";
import type { FileSource } from "../files/file-source.ts";
import type { ImagePlaces } from "../images/image-store.ts";
import { rowsFrom } from "../rows/rows-from.ts";
import { conversationOf, llavaImages, llavaRecord } from "./llava-record.ts";
import { withPartsAsText } from "./message-parts.ts";

export interface ConversationsDefinition {
  readonly name: string;
  /** The beginning of every error. Default: `name`. */
  readonly errorPrefix?: string;
  readonly source: FileSource;
  /**
   * Patterns in order of preference. The first pattern that matches a file is used, and all files that match it are
   * read.
   */
  readonly files: readonly string[];
  /** Default: a card with an unknown license, for text and images. */
  readonly card?: DatasetCard;
  /**
   * Where to find images that rows refer to by name. Default: `images/` in the folder of the rows, then that folder
   * itself.
   */
  readonly images?: ImagePlaces;
  /** The schema of a row. Default: {@link llavaRecord}. A variant may add conditions. */
  readonly schema?: typeof llavaRecord;
}

/**
 * Creates a tuning dataset from files in the formats of LLaVA, ShareGPT or OpenAI's messages: a JSON array, JSON lines,
 * Parquet, or a text table with JSON cells. Files are read when the dataset is opened, images when they are needed.
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
