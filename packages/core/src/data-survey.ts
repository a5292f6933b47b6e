import { contentRecordOf } from "./content-record.ts";
import type { Dataset } from "./dataset.ts";
import { MlanError } from "./errors.ts";
import { contentOfImages } from "./image-content.ts";
import type { DataRecord, Manifest } from "./manifest.ts";
import type { ModelInspection } from "./model.ts";

/** What the datasets of a run hold before its first stage, by the dataset. */
export interface DataSurvey {
  has(dataset: Dataset<unknown>): boolean;
  /** Opens `dataset` by `opened`, which may keep its examples, and records what it holds. */
  add(dataset: Dataset<unknown>, opened: Dataset<unknown>): Promise<void>;
  /** Of those of the given datasets that were added, by name. */
  records(datasets: readonly Dataset<unknown>[]): Readonly<Record<string, DataRecord>>;
}

export interface DataSurveyOptions {
  /** Of the run that is continued: images that it knows are not read again while nobody touched them. */
  readonly manifest: Manifest;
  /** The name of the model. */
  readonly model: string;
  readonly inspected: ModelInspection | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Adding throws `invalid-options` for images that the model does not read, and what is wrong with data or images. */
export function dataSurvey({ manifest, model, inspected, signal }: DataSurveyOptions): DataSurvey {
  const found = new Map<Dataset<unknown>, DataRecord>();
  return {
    has: (dataset) => found.has(dataset),
    async add(dataset, opened) {
      const { name } = dataset;
      const examples = await opened.open(signal ? { signal } : {});
      const known = Object.values(manifest.stages).flatMap(({ data }) => data?.[name]?.images ?? []);
      const images = await contentOfImages(examples, signal, inspected?.checkImage);
      if (images.count > 0 && inspected?.readsImages === false) throw blind(model, name);
      found.set(dataset, { fingerprint: examples.fingerprint, images: await contentRecordOf(images, known) });
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

function blind(model: string, data: string): MlanError {
  const message = `the data ${data} have images, and the model ${model} reads none. Give it a vision tower, or take other data.`;
  return new MlanError("invalid-options", message);
}
