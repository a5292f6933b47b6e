import type { ImageReference } from "@mlan/core";
import { imageColumn, joinedRows, type RowPlaces, type RowReader, rowsFrom } from "@mlan/data-kit";
import { z } from "zod";

export interface GqaRow {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
  readonly imageId: GqaImage;
  /** Kinds of the question, e.g. "query" and "attr". Absent in tables without them. */
  readonly types?: GqaTypes | null | undefined;
}

interface GqaTypes {
  readonly structural: string;
  readonly semantic: string;
}

interface GqaImage {
  readonly id: string;
  readonly image: ImageReference;
}

/** Only for reading results, so a table may lack them or have something else. */
const types: z.ZodType<GqaTypes | null | undefined> = z
  .object({ structural: z.string(), semantic: z.string() })
  .nullish()
  .catch(undefined);

/** Returns a reader of the questions, each with the image that its `imageId` refers to. Images are not read yet. */
export function questionRows({ source, errorPrefix, images }: RowPlaces): RowReader<GqaRow> {
  return joinedRows({
    table: rowsFrom({
      errorPrefix,
      source,
      files: filesOf("testdev_balanced_images"),
      schema: z.object({ id: z.string(), image: imageColumn }),
      images: { column: "image", ...(images && { at: images }) },
    }),
    keyOf: ({ id }) => id,
    expected: "an id of testdev_balanced_images",
    rows: (imageId) =>
      rowsFrom({
        errorPrefix,
        source,
        files: filesOf("testdev_balanced_instructions"),
        schema: z.object({ id: z.string(), question: z.string(), answer: z.string(), imageId, types }),
      }),
  });
}

function filesOf(table: string): readonly string[] {
  return [`${table}/testdev-*.parquet`, `${table}*.parquet`, `${table}.jsonl`, `${table}.json`];
}
