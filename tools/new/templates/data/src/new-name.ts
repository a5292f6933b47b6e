import type { Conversation, Dataset } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  datasetFromRows,
  rowsFrom,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
} from "@mlan/data-kit";
import { z } from "zod";

/** `folder` contains `train.jsonl`, `train.json` or `train*.parquet`. Default: your-name/new-name on the Hub. */
export interface NewNameOptions extends SourceOptions {}

/** The instructions and answers of new-name, as conversations of one round. Throws `invalid-options`. */
export function newName(options: NewNameOptions = {}): Dataset<Conversation> {
  const source = checkOptions("data-new-name", optionsSchema, options);
  return datasetFromRows({
    name: "new-name",
    card: cardFor(source, {
      source: `https://huggingface.co/datasets/${PUBLISHED.repository}`,
      license: "unknown",
      modality: "text",
      repository: PUBLISHED.repository,
      split: "train",
    }),
    rows: rowsFrom({
      errorPrefix: PUBLISHED.errorPrefix,
      source: sourceFrom(source, PUBLISHED),
      files: ["data/train-*.parquet", "train*.parquet", "train.jsonl", "train.json"],
      schema: rowSchema,
    }),
    toExample: ({ instruction, answer }, id) => ({
      id,
      turns: [
        { role: "user", text: instruction },
        { role: "assistant", text: answer },
      ],
      images: [],
    }),
  });
}

const optionsSchema: z.ZodType<NewNameOptions> = z.strictObject(sourceOptions);

/** `revision`: the commit of the repository, once the rows are published. */
const PUBLISHED = { errorPrefix: "data-new-name", repository: "your-name/new-name", revision: "main" };

/** The columns to read. A file may have more. */
const rowSchema = z.object({ instruction: z.string().min(1), answer: z.string().min(1) });
