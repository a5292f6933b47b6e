import {
  type DatasetCard,
  fileLocation,
  folderLocation,
  type Location,
  MlanError,
  pathOf,
  toFileUrl,
} from "@mlan/core";
import { type HubOptions, hubOptions } from "@mlan/hub";
import type { z } from "zod";
import type { FileSource } from "./file-source.ts";
import { hubFolder } from "./hub-folder.ts";
import { localFolder } from "./local-folder.ts";

/** Where to read a dataset from. At most one option may be set. */
export interface SourceOptions {
  /** A folder with the published files. Default: the Hub. */
  readonly folder?: Location;
  /** A single file of rows, with any name. Its license is unknown. */
  readonly file?: Location;
  /** Options for the Hub, such as the revision to read. */
  readonly hub?: HubOptions;
}

/** The schemas of {@link SourceOptions}, to be spread into a plugin's schema. */
export const sourceOptions: {
  readonly folder: z.ZodExactOptional<z.ZodType<URL, Location>>;
  readonly file: z.ZodExactOptional<z.ZodType<URL, Location>>;
  readonly hub: z.ZodExactOptional<z.ZodType<HubOptions>>;
} = {
  folder: folderLocation.exactOptional(),
  file: fileLocation.exactOptional(),
  hub: hubOptions.exactOptional(),
};

export interface PublishedFiles {
  /** The beginning of every error, e.g. "data-boolq". */
  readonly errorPrefix: string;
  /** Owner and name on the Hub, e.g. "google/boolq". */
  readonly repository: string;
  /** The default commit to read. */
  readonly revision: string;
}

/**
 * Returns the file or folder of the options, or else the dataset on the Hub. Throws `invalid-options` when more than
 * one option is set.
 */
export function sourceFrom({ folder, file, hub }: SourceOptions, published: PublishedFiles): FileSource {
  refuseTogether(published.errorPrefix, { file, folder, hub }, "each says where the rows come from");
  const named = file ?? folder;
  return named ? localFolder(published.errorPrefix, named) : hubFolder({ ...published, ...hub });
}

/** Returns the published card. For a file of the options, returns a card with its location and an unknown license. */
export function cardFor({ file }: SourceOptions, published: DatasetCard): DatasetCard {
  if (file === undefined) return published;
  return { source: pathOf(toFileUrl(file)), license: "unknown", modality: published.modality };
}

/** Throws `invalid-options` when more than one of the named options is set. */
export function refuseTogether(errorPrefix: string, options: Readonly<Record<string, unknown>>, reason: string): void {
  const given = Object.keys(options).filter((name) => options[name] !== undefined);
  if (given.length < 2) return;
  const names = given.map((name) => `"${name}"`).join(" and ");
  throw new MlanError(
    "invalid-options",
    `${errorPrefix}: the options ${names} exclude each other (${reason}); give one of them.`,
  );
}
