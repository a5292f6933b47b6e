import type { OpenOptions } from "@mlan/core";
import { type HubOptions, openRepository } from "@mlan/hub";
import { type Files, type FileSource, matching } from "./file-source.ts";

export interface HubDataset extends HubOptions {
  /** Owner and name, e.g. "google/boolq". */
  readonly repository: string;
  /**
   * A commit, branch or tag. A commit's files never change; a branch or tag is looked up each time the dataset is
   * opened unless offline.
   */
  readonly revision: string;
}

/**
 * Returns the files of a dataset on the Hugging Face Hub. Each file is downloaded into the cache when it is first
 * needed. Throws the errors of `openRepository`.
 */
export function hubFolder(dataset: HubDataset): FileSource {
  const place = `${dataset.repository} on the Hub`;
  return { place, open: (options) => openDataset(place, dataset, options) };
}

async function openDataset(place: string, dataset: HubDataset, options?: OpenOptions): Promise<Files> {
  const { folder, paths, local, checksum } = await openRepository({ ...dataset, type: "dataset" }, options);
  return { place, folder, local, checksum, match: async (pattern) => matching(paths, pattern) };
}
