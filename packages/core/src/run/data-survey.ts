import { contentRecordOf } from "./content-record.ts";
import type { Dataset, OpenOptions } from "../contracts/dataset.ts";
import { MlanError } from "../errors.ts";
import { contentOfImages } from "../data/image-content.ts";
import { type DataRecord, type Manifest, sourceSchema } from "./manifest.ts";
import type { ModelInspection } from "../contracts/model.ts";

/** Records the content of each dataset of a run before the first stage. */
export interface DataSurvey {
  has(dataset: Dataset<unknown>): boolean;
  /**
   * Opens `opened`, which is `dataset` or a version of it that keeps its examples, and records the content under the
   * name of `dataset`.
   */
  add(dataset: Dataset<unknown>, opened: Dataset<unknown>, options: OpenOptions): Promise<void>;
  /** Returns records by dataset name. Datasets that were not added are left out. */
  records(datasets: readonly Dataset<unknown>[]): Readonly<Record<string, DataRecord>>;
}

export interface DataSurveyOptions {
  /** The manifest of the continued run. Images recorded there are read again only if they have changed. */
  readonly manifest: Manifest;
  readonly model: string;
  readonly inspected: ModelInspection | undefined;
}

/**
 * Creates an empty survey. `add` throws the errors of the data and images, and `invalid-options` when the data have
 * images and the model accepts none.
 */
export function dataSurvey({ manifest, model, inspected }: DataSurveyOptions): DataSurvey {
  const found = new Map<Dataset<unknown>, DataRecord>();
  return {
    has: (dataset) => found.has(dataset),
    async add(dataset, opened, options) {
      const { name, card, sources = [{ name, card }] } = dataset;
      const examples = await opened.open(options);
      const known = Object.values(manifest.stages).flatMap(({ data }) => data?.[name]?.images ?? []);
      const images = await contentOfImages(examples, options.signal, inspected?.checkImage);
      if (images.count > 0 && inspected?.readsImages === false) throw imagesNotRead(model, name);
      found.set(dataset, {
        fingerprint: examples.fingerprint,
        images: await contentRecordOf(images, known),
        examples: { count: examples.length, withImages: images.examples },
        // A card that plain JavaScript got wrong is left out.
        sources: sources.flatMap((source) => sourceSchema.safeParse(source).data ?? []),
        ...(images.folders.length > 0 && { imageFolders: images.folders }),
      });
    },
    records: (datasets) =>
      Object.fromEntries(
        datasets.flatMap((dataset) => {
          const record = found.get(dataset);
          return record ? [[dataset.name, record]] : [];
        }),
      ),
  };
}

function imagesNotRead(model: string, data: string): MlanError {
  const message = `the data ${data} have images, and the model ${model} accepts none. Give it a vision tower, or use data without images.`;
  return new MlanError("invalid-options", message);
}
