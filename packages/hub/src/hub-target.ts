import { MlanError } from "@mlan/core";

/** The repository, revision and file that a request is about. */
export interface HubTarget {
  readonly type: "model" | "dataset";
  /** Owner and name, such as "lmsys/vicuna-7b-v1.5". */
  readonly repository: string;
  readonly revision: string;
  readonly file?: string;
  /** Whether the request changes the repository. Default false. */
  readonly writes?: boolean;
}

/** Describes a target for messages, e.g. "model lmsys/vicuna-7b-v1.5, revision main, file config.json". */
export function nameOf({ type, repository, revision, file }: HubTarget): string {
  return `${type} ${repository}, revision ${revision}${file === undefined ? "" : `, file ${file}`}`;
}

/** Returns the path of a repository below the Hub's address, for its page and its files. */
export function pathOfRepository({ type, repository }: Pick<HubTarget, "type" | "repository">): string {
  return type === "dataset" ? `datasets/${repository}` : repository;
}

const EXAMPLE = { model: "lmsys/vicuna-7b-v1.5", dataset: "google/boolq" };

/** Throws `invalid-options` for an invalid repository or revision. Both become parts of paths and URLs. */
export function checkTarget({ type, repository, revision }: HubTarget): void {
  const segment = "(?!\\.{1,2}(?:/|$))(?!.*--)[\\w.-]+";
  if (!new RegExp(`^${segment}(?:/${segment})?$`).test(repository)) {
    const message = `hub: ${JSON.stringify(repository)} is not the name of a ${type} on the Hub; give owner and name, e.g. "${EXAMPLE[type]}".`;
    throw new MlanError("invalid-options", message);
  }
  if (/\p{Surrogate}|\p{Cc}|(?:^|\/)\.{0,2}(?:\/|$)|\\/u.test(revision)) {
    const message = `hub: ${JSON.stringify(revision)} is not a revision; give a commit, a branch or a tag as \`revision\`.`;
    throw new MlanError("invalid-options", message);
  }
}
