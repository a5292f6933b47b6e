import { commit, createRepo, type CommitOperation } from "@huggingface/hub";
import { type Location, MlanError, pathOf, toFolderUrl } from "@mlan/core";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fetchCommit, fetchList, type HubRequest } from "./hub-api.ts";
import type { HubFile } from "./hub-cache.ts";
import { hasContent } from "./hub-content.ts";
import { hubFetch, answerOf } from "./hub-fetch.ts";
import type { HubOptions } from "./hub-options.ts";
import { withRetries } from "./hub-retry.ts";
import { hubSettings } from "./hub-settings.ts";
import { checkTarget } from "./hub-target.ts";
import { uploadFetch } from "./upload-fetch.ts";

export interface UploadOptions extends Omit<HubOptions, "revision" | "cache" | "offline"> {
  /** Owner and name of a model, e.g. "acme/llava-7b". */
  readonly repository: string;
  /** The branch to commit to. Default: main. */
  readonly branch?: string;
  /** Whether a new repository is private. Default true. */
  readonly private?: boolean;
  readonly title: string;
  /**
   * Returns whether to leave a file out of the upload. The path uses slashes. Default: hidden and temporary files are
   * left out.
   */
  readonly isLocal?: (path: string) => boolean;
  /** Returns whether to remove a file of the repository that is not in the folder. Default: never. */
  readonly isStale?: (path: string) => boolean;
  readonly signal?: AbortSignal;
  /** Called with the number of bytes of a file sent so far, whenever that number grows. */
  readonly onUpload?: (progress: UploadProgress) => void;
}

export interface UploadProgress {
  readonly file: string;
  readonly bytes: number;
  readonly size: number;
}

export interface Upload {
  /**
   * The newest commit of the branch: the commit of this upload, or the previous one when the repository was up to date.
   */
  readonly commit: string;
  readonly created: boolean;
  /** Paths that were missing in the repository, or had different bytes. */
  readonly uploaded: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Uploads the files of a folder to a model on the Hub, in one commit. Creates the repository if it does not exist.
 * Files that the Hub already has are not sent again, so that a repeated call continues after an interruption. Throws
 * `invalid-options`, `invalid-data` for a folder without files, and `unavailable` with the remedy.
 */
export async function uploadFolder(location: Location, options: UploadOptions): Promise<Upload> {
  const { repository, branch = "main", title, isStale = () => false, isLocal = () => false, signal } = options;
  const target = { type: "model", repository, revision: branch, writes: true } as const;
  checkTarget(target);
  if (!repository.includes("/")) {
    throw new MlanError("invalid-options", `hub: ${JSON.stringify(repository)} has no owner; write "owner/name".`);
  }
  const settings = await hubSettings(options);
  const { token, endpoint: hubUrl } = settings;
  if (token === undefined) throw withoutToken(hubUrl);
  if (settings.offline) {
    throw new MlanError("unavailable", "hub: nothing can be uploaded offline; unset HF_HUB_OFFLINE.");
  }
  const folder = toFolderUrl(location);
  const local = await filesIn(folder, isLocal);
  const request: HubRequest = { ...target, settings, signal, fetch: hubFetch(settings, signal) };
  const created = await createIfMissing(request, options.private ?? true);
  const parentCommit = await fetchCommit(request, branch);
  const there = new Map((await fetchList(request, parentCommit)).map((file) => [file.path, file]));
  const uploaded = await changedFiles(local, there);
  const removed = [...there.keys()].filter((path) => !local.has(path) && isStale(path));
  if (uploaded.length + removed.length === 0) return { commit: parentCommit, created, uploaded, removed };

  const sent = new Map<string, number>();
  const onSent = (path: string, more: number): void => {
    const [bytes, size] = [(sent.get(path) ?? 0) + more, local.get(path)?.size ?? 0];
    sent.set(path, bytes);
    options.onUpload?.({ file: path, bytes: Math.min(bytes, size), size });
  };
  const stored = new Set<string>();
  let storedBefore = 0;
  const operations: CommitOperation[] = [
    ...uploaded.map((path) => ({ operation: "addOrUpdate" as const, path, content: placeOf(folder, path) })),
    ...removed.map((path) => ({ operation: "delete" as const, path })),
  ];
  const advanced = async (): Promise<boolean> => {
    const more = stored.size > storedBefore;
    storedBefore = stored.size;
    return more;
  };
  const done = await withRetries({ settings, signal, asked: target, advanced }, () => {
    sent.clear();
    return commit({
      repo: { type: "model", name: repository },
      operations,
      title,
      branch,
      parentCommit,
      hubUrl,
      accessToken: token,
      // Uses the plain Git LFS protocol, which every server with the Hub's API supports.
      useXet: false,
      fetch: uploadFetch(settings, signal, { onSent, onStored: (path) => stored.add(path) }),
      ...(signal && { abortSignal: signal }),
    });
  });
  return { commit: done?.commit.oid ?? parentCommit, created, uploaded, removed };
}

function withoutToken(endpoint: string): MlanError {
  const message = `hub: uploading needs a token; set HF_TOKEN to a token of type "write" (${endpoint}/settings/tokens), or run \`hf auth login\`.`;
  return new MlanError("invalid-options", message);
}

interface LocalFile {
  readonly place: URL;
  readonly size: number;
}

/** Returns the files below a folder that are to be uploaded, by path. Follows links. */
async function filesIn(folder: URL, isLocal: (path: string) => boolean): Promise<ReadonlyMap<string, LocalFile>> {
  const root = fileURLToPath(folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new MlanError("invalid-data", `hub: ${pathOf(folder)} is not a readable folder.`, { cause });
  });
  const files = new Map<string, LocalFile>();
  for (const entry of entries) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(root, full).split(sep).join("/");
    if (/(?:^|\/)\.|\.tmp$/.test(path) || isLocal(path)) continue;
    const status = await stat(full);
    if (status.isFile()) files.set(path, { place: pathToFileURL(full), size: status.size });
  }
  if (files.size > 0) return files;
  throw new MlanError("invalid-data", `hub: ${pathOf(folder)} contains no files to upload.`);
}

/** Creates the repository if it does not exist. Returns whether it was created. */
async function createIfMissing(request: HubRequest, isPrivate: boolean): Promise<boolean> {
  const { repository, settings, signal, fetch } = request;
  const asked = { type: "model", repository, revision: "main", writes: true } as const;
  return withRetries({ settings, signal, asked }, async () => {
    try {
      await createRepo({
        repo: { type: "model", name: repository },
        visibility: isPrivate ? "private" : "public",
        hubUrl: settings.endpoint,
        accessToken: settings.token ?? "",
        fetch,
      });
      return true;
    } catch (cause) {
      const status = answerOf(cause)?.status ?? 0;
      // A token may write to a repository without being allowed to create one.
      if ([401, 402, 403, 409].includes(status) && (await exists(request))) return false;
      // The Hub creates one repository of an account at a time.
      throw status === 409 ? new Error("the Hub is creating another repository") : cause;
    }
  });
}

async function exists(request: HubRequest): Promise<boolean> {
  return fetchCommit(request, "main").then(
    () => true,
    () => false,
  );
}

async function changedFiles(
  local: ReadonlyMap<string, LocalFile>,
  there: ReadonlyMap<string, HubFile>,
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const [path, { place, size }] of local) {
    const known = there.get(path);
    if (known?.size !== size || !(await hasContent(place, known))) changed.push(path);
  }
  return changed;
}

function placeOf(folder: URL, path: string): URL {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), folder);
}
