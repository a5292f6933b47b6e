import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { MlanError, shownValue } from "../errors.ts";

/**
 * A file or folder on this machine: a path, or a `file:` URL as a string or `URL`. Relative paths start at the working
 * directory.
 */
export type Location = string | URL;

/**
 * Returns the URL of a file, without accessing the disk. Throws `invalid-options` for any value other than a path or
 * `file:` URL. The message starts with `option`.
 */
export function toFileUrl(location: Location, option?: string): URL {
  const problem = problemOf(location);
  if (problem !== undefined)
    throw new MlanError("invalid-options", `${option === undefined ? "" : `${option}: `}${problem}.`);
  if (typeof location !== "string") return location;
  return FILE_SCHEME.test(location) ? new URL(location) : pathToFileURL(resolve(location));
}

/** Like {@link toFileUrl}, but for a folder: the URL always ends in a slash. */
export function toFolderUrl(location: Location, option?: string): URL {
  return asFolder(toFileUrl(location, option));
}

/** Returns the URL with a slash at its end, against which file names can be resolved. */
export function asFolder(url: URL): URL {
  return url.pathname.endsWith("/") ? url : new URL(`${url.pathname}/`, url);
}

/** Schema for an option that is the {@link Location} of a file; outputs a `URL`. */
export const fileLocation: z.ZodType<URL, Location> = schemaOf((location) => toFileUrl(location));

/** Schema for an option that is the {@link Location} of a folder; outputs a `URL` that ends in a slash. */
export const folderLocation: z.ZodType<URL, Location> = schemaOf((location) => toFolderUrl(location));

const FILE_SCHEME = /^file:/i;
/** At least two characters before the colon: a single letter is a Windows drive. */
const OTHER_SCHEME = /^[a-z][a-z\d+.-]+:\/\//i;

function schemaOf(convert: (location: Location) => URL): z.ZodType<URL, Location> {
  return z
    .custom<Location>((value) => problemOf(value) === undefined, {
      error: ({ input }) => problemOf(input) ?? "expected a path or a file: URL",
    })
    .transform(convert);
}

/** Describes why a value is not a location; undefined when it is one. */
function problemOf(value: unknown): string | undefined {
  if (typeof value !== "string" && !(value instanceof URL)) {
    return `expected a path or a file: URL, found ${shownValue(value)}`;
  }
  if (value === "") return "expected a path or a file: URL, found an empty one";
  const text = String(value);
  if (text.includes("\0")) return `expected a path or a file: URL, found ${shownValue(text)}`;
  if (value instanceof URL ? value.protocol !== "file:" : OTHER_SCHEME.test(text) && !FILE_SCHEME.test(text)) {
    return `${shownValue(text)} is not on this machine; expected a path or a file: URL`;
  }
  if (typeof value === "string" && FILE_SCHEME.test(value) && !URL.canParse(value)) {
    return `${shownValue(value)} is not a file: URL`;
  }
  return undefined;
}
