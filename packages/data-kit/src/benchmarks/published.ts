import { type DatasetCard, type Location, pathOf, toFileUrl } from "@mlan/core";
import { localFolder } from "../files/local-folder.ts";
import type { FileSource } from "../files/file-source.ts";
import { cardFor, refuseTogether, type SourceOptions, sourceFrom } from "../files/source-options.ts";

/** A dataset on the Hub, or one on this machine. */
export type Published = PublishedOnHub | PublishedHere;

interface PublishedOnHub extends PublishedFacts {
  /** Owner and name on the Hugging Face Hub, e.g. "google/boolq". */
  readonly repository: string;
  /** The default commit to read. */
  readonly revision: string;
}

interface PublishedHere extends PublishedFacts {
  /** A folder with the published files, or a single file of rows. */
  readonly location: Location;
}

interface PublishedFacts extends Omit<DatasetCard, "source" | "repository" | "revision"> {
  /** URL of a page about the dataset. Default: its page on the Hub, or the path of `location`. */
  readonly source?: string;
}

/** Returns the card of the data that the options select. */
export function publishedCard(published: Published, options: SourceOptions): DatasetCard {
  if ("location" in published) {
    const { location, ...facts } = published;
    return cardFor(options, { source: pathOf(toFileUrl(location)), ...facts });
  }
  return cardFor(options, { source: `https://huggingface.co/datasets/${published.repository}`, ...published });
}

/** Returns the files that the options name, or else the published files. All errors begin with `errorPrefix`. */
export function publishedSource(published: Published, options: SourceOptions, errorPrefix: string): FileSource {
  if (!("location" in published)) return sourceFrom(options, { ...published, errorPrefix });
  const { file, folder } = options;
  refuseTogether(errorPrefix, { file, folder }, "each says where the rows come from");
  return localFolder(errorPrefix, file ?? folder ?? published.location);
}
