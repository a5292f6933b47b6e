/** A dataset plugin of one's own: photographed receipts; the answer is the total. */
import { type Conversation, type Dataset, defineDataset, IMAGE_PLACEHOLDER } from "@mlan/core";
import { readFile } from "node:fs/promises";
import { z } from "zod";

export interface ReceiptsOptions {
  /** Folder that holds `train.json`, `test.json` and the images they name. Ends in a slash. */
  readonly folder: URL;
  readonly split: "train" | "test";
}

const rowSchema = z.object({ id: z.string(), image: z.string(), total: z.string() });

export function receipts({ folder, split }: ReceiptsOptions): Dataset<Conversation> {
  return defineDataset({
    name: `acme/receipts:${split}`,
    card: { source: "https://acme.example/receipts", license: "CC-BY-4.0", modality: "image" },
    async rows() {
      return z.array(rowSchema).parse(JSON.parse(await readFile(new URL(`${split}.json`, folder), "utf8")));
    },
    toExample: ({ id, image, total }) => ({
      id,
      turns: [
        { role: "user", text: `${IMAGE_PLACEHOLDER}\nWhat is the total?` },
        { role: "assistant", text: total },
      ],
      images: [{ name: image, read: () => readFile(new URL(image, folder)) }],
    }),
  });
}
