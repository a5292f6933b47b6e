import type { Dataset, Examples, OpenedDatasets, OpenOptions } from "../contracts/dataset.ts";

/** Creates an empty registry. A dataset that is opened through it stays open. */
export function openedDatasets(): OpenedDatasets {
  const found = new Map<Dataset<unknown>, Promise<Examples<unknown>>>();
  const record: OpenedDatasets = {
    async open<Example>(dataset: Dataset<Example>, options = {}) {
      const known = found.get(dataset);
      const opening = known ?? dataset.open({ ...options, opened: record });
      if (!known) found.set(dataset, opening);
      try {
        // The examples that a dataset returned are of its own type.
        return (await opening) as Examples<Example>;
      } catch (error) {
        // The next attempt may succeed, e.g. after an interrupted download.
        if (found.get(dataset) === opening) found.delete(dataset);
        throw error;
      }
    },
  };
  return record;
}

/** Opens a part of a view: through the record of open datasets if there is one. */
export function openedPart<Example>(dataset: Dataset<Example>, options: OpenOptions = {}): Promise<Examples<Example>> {
  return options.opened ? options.opened.open(dataset, options) : dataset.open(options);
}
