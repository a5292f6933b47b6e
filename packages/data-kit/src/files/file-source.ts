import type { OpenOptions } from "@mlan/core";

/** Where a dataset's files lie. Creating one does nothing. */
export interface FileSource {
  /** Names the place in errors. */
  readonly place: string;
  open(options?: OpenOptions): Promise<Files>;
}

/** The files of one dataset, by their path below its root; segments are separated by "/". */
export interface Files {
  readonly place: string;
  /** The root on this machine, ends in a slash. Only files that {@link Files.local} gave are sure to be there. */
  readonly folder: URL;
  /**
   * The paths that a pattern matches, sorted; `*` stands for any characters but "/", in the last segment only. Where no
   * path matches exactly, endings may differ in letter case, and `.ndjson` counts as `.jsonl`.
   */
  match(pattern: string): Promise<readonly string[]>;
  /** The file on this machine, downloaded first when it has to be. */
  local(path: string): Promise<URL>;
  /** Names the file's content: equal only for equal bytes. */
  checksum(path: string): Promise<string>;
}

/** The paths that a {@link Files.match} pattern means, sorted. */
export function matching(paths: readonly string[], pattern: string): readonly string[] {
  const exact = patternOf(pattern);
  const found = paths.filter((path) => exact.test(path));
  if (found.length > 0) return found.toSorted();
  const similar = patternOf(usualEnding(pattern));
  return paths.filter((path) => similar.test(usualEnding(path))).toSorted();
}

function patternOf(pattern: string): RegExp {
  const literal = pattern.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^/]*")}$`, "s");
}

/** The path with its ending in lower case, and in the usual spelling. */
function usualEnding(path: string): string {
  return path.replace(/\.[^./]*$/, (ending) => ending.toLowerCase()).replace(/\.ndjson$/, ".jsonl");
}
