import type { OpenOptions } from "@mlan/core";

/** The location of a dataset's files. Creating a source has no effect. */
export interface FileSource {
  /** Describes the location in errors. */
  readonly place: string;
  open(options?: OpenOptions): Promise<Files>;
}

/** The files of one dataset, by their path relative to its root. Paths use slashes. */
export interface Files {
  readonly place: string;
  /**
   * The root folder on this machine; its URL ends in a slash. A file is guaranteed to exist only after {@link
   * Files.local} has returned it.
   */
  readonly folder: URL;
  /**
   * Returns the paths that match a pattern, sorted. `*` matches any characters except "/". If no path matches exactly,
   * extensions may differ in letter case, and `.ndjson` counts as `.jsonl`.
   */
  match(pattern: string): Promise<readonly string[]>;
  /** Returns the file on this machine. Downloads it first if necessary. */
  local(path: string): Promise<URL>;
  /** Returns an identifier of the file's content. Equal identifiers mean equal bytes. */
  checksum(path: string): Promise<string>;
}

/** Returns the paths that match a pattern as in {@link Files.match}, sorted. */
export function matching(paths: readonly string[], pattern: string): readonly string[] {
  const exact = patternOf(pattern);
  const found = paths.filter((path) => exact.test(path));
  if (found.length > 0) return found.toSorted();
  const similar = patternOf(withUsualExtension(pattern));
  return paths.filter((path) => similar.test(withUsualExtension(path))).toSorted();
}

/** Returns the regular expression of a pattern as in {@link Files.match}, or of one segment of a pattern. */
export function patternOf(pattern: string): RegExp {
  const literal = pattern.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^/]*")}$`, "s");
}

/** Returns the path with its extension in lower case and in the usual spelling. */
function withUsualExtension(path: string): string {
  return path.replace(/\.[^./]*$/, (ending) => ending.toLowerCase()).replace(/\.ndjson$/, ".jsonl");
}
