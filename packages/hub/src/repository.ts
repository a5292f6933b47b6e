import {
  type DownloadProgress,
  makeFolder,
  messageOf,
  MlanError,
  type OpenOptions,
  pathOf,
  removeOldTemporaryFiles,
  sha256OfFile,
} from "@mlan/core";
import { fetchCommit, fetchList, type HubRequest } from "./hub-api.ts";
import { type HubCache, hubCache, type HubFile, isCommit } from "./hub-cache.ts";
import { type HubFileState, stateOf } from "./hub-content.ts";
import { checkSpace, downloadFile } from "./hub-download.ts";
import { hubFetch } from "./hub-fetch.ts";
import type { HubOptions } from "./hub-options.ts";
import { PART_FILE } from "./hub-part.ts";
import { hubSettings } from "./hub-settings.ts";
import { checkTarget } from "./hub-target.ts";
import { linkBlob } from "./link-blob.ts";
import { missingPart } from "./missing-part.ts";

/** A model or a dataset on the Hub at one revision, and the options for accessing it. */
export interface HubRepository extends HubOptions {
  readonly type: "model" | "dataset";
  /** Owner and name, e.g. "google/boolq". */
  readonly repository: string;
  /**
   * A commit, branch or tag. A commit's files never change; a branch or tag is looked up each time the repository is
   * opened unless offline.
   */
  readonly revision: string;
}

/** The files of a repository at one commit. */
export interface RepositoryFiles {
  readonly commit: string;
  /** The folder of the commit's files on this machine. Contains only files that were downloaded. Ends in a slash. */
  readonly folder: URL;
  /** The paths of all files of the commit, relative to its root. Paths use slashes. */
  readonly paths: readonly string[];
  /** Returns the file on this machine. Downloads it first if necessary. */
  local(path: string): Promise<URL>;
  /** Downloads the missing files. Throws before the first download when the disk has no room for all files. */
  download(paths: readonly string[]): Promise<void>;
  /** Returns the SHA-256 of the file. Downloads it first if necessary. */
  checksum(path: string): Promise<string>;
}

/**
 * Opens a repository on the Hugging Face Hub. Each file is downloaded into the cache when it is first needed. The cache
 * is shared with Python's `huggingface_hub`; files that Python downloaded are verified. Throws `invalid-options` for an
 * invalid repository or revision, and `unavailable`, with the remedy, when the repository is gated or missing, or the
 * Hub is busy or offline.
 */
export async function openRepository(
  options: HubRepository,
  { signal, onDownload }: OpenOptions = {},
): Promise<RepositoryFiles> {
  const { type, repository, revision } = options;
  checkTarget(options);
  const settings = await hubSettings(options);
  const cache = hubCache(settings.cache, options);
  const hub: Hub = { type, repository, settings, signal, fetch: hubFetch(settings, signal), cache, onDownload };
  await removeOldTemporaryFiles(cache.home, { recursive: true, also: PART_FILE });
  const commit = await commitOf(hub, revision);
  const files = new Map((await listOf(hub, commit)).map((file) => [file.path, file]));
  const find = (path: string): HubFile => {
    const file = files.get(path);
    if (file) return file;
    throw new MlanError("unavailable", `hub: ${repository} has no file ${path} at ${commit}.`);
  };
  const local = async (path: string): Promise<URL> => localFile(hub, commit, find(path));
  return {
    commit,
    folder: cache.snapshot(commit),
    paths: [...files.keys()],
    local,
    async download(paths) {
      await checkRoom(hub, commit, paths.map(find));
      for (const path of paths) await local(path);
    },
    // Verifies the bytes of the file first, because the Hub's list may be wrong.
    async checksum(path) {
      const file = await local(path);
      const { etag } = find(path);
      return etag.length === 64 ? etag : sha256OfFile(file);
    },
  };
}

interface Hub extends HubRequest {
  readonly cache: HubCache;
  readonly onDownload: ((progress: DownloadProgress) => void) | undefined;
}

async function localFile(hub: Hub, commit: string, file: HubFile): Promise<URL> {
  const { settings, cache, signal } = hub;
  const place = placeOf(cache.snapshot(commit), file.path);
  const [blob, record] = [cache.blob(file), cache.record(file)];
  const state = await stateOf({ place, record }, file, signal);
  if (state === "whole") return place;
  const kept = await stateOf({ place: blob, record }, file, signal);
  if (kept !== "whole") {
    if (settings.offline) throw missing(hub, `the file ${file.path}`, [state, kept]);
    await downloadFile({ ...hub, commit, file, blob, record });
  }
  await linkBlob(place, blob, cache.home).catch((cause: unknown) => {
    const message = `hub: ${pathOf(place)} cannot be created (${messageOf(cause)}); fix that, or set HF_HUB_CACHE to a writable folder.`;
    throw new MlanError("unavailable", message, { cause });
  });
  return place;
}

async function checkRoom({ cache, settings }: Hub, commit: string, files: readonly HubFile[]): Promise<void> {
  if (settings.offline) return;
  const wanted = [];
  for (const file of files) {
    const [place, blob, record] = [placeOf(cache.snapshot(commit), file.path), cache.blob(file), cache.record(file)];
    const states = [await stateOf({ place, record }, file), await stateOf({ place: blob, record }, file)];
    if (!states.includes("whole")) wanted.push({ file, blob });
  }
  if (wanted.length === 0) return;
  await makeFolder(cache.home).catch(() => undefined);
  await checkSpace(cache.home, wanted);
}

async function commitOf(hub: Hub, revision: string): Promise<string> {
  const { settings, cache } = hub;
  if (isCommit(revision)) return revision;
  if (settings.offline) {
    const known = await cache.readCommit(revision);
    if (known !== undefined) return known;
    throw missing(hub, `the revision ${revision}`);
  }
  const commit = await fetchCommit(hub, revision);
  await cache.writeCommit(revision, commit);
  return commit;
}

async function listOf(hub: Hub, commit: string): Promise<readonly HubFile[]> {
  const { type, settings, cache } = hub;
  const known = await cache.readList(commit);
  if (known) return known;
  if (!settings.offline) {
    const files = await fetchList(hub, commit);
    await cache.writeList(commit, files);
    return files;
  }
  const files = await cache.readSnapshot(commit);
  if (!files) throw missing(hub, "the list of files");
  const part = missingPart(
    files.map(({ path }) => path),
    type === "model" ? 1 : 0,
  );
  if (part !== undefined) throw missing(hub, `the file ${part}`);
  return files;
}

/** Resolves a path from the Hub. Throws when it would leave the cache. */
function placeOf(folder: URL, path: string): URL {
  const segments = path.split("/");
  if (segments.every((segment) => !/^\.{0,2}$|[\\:\0]|\p{Surrogate}/u.test(segment))) {
    return new URL(segments.map(encodeURIComponent).join("/"), folder);
  }
  const shown = JSON.stringify(path.slice(0, 200));
  throw new MlanError(
    "invalid-data",
    `hub: the Hub lists a file ${shown} that is outside the repository, so it is not downloaded.`,
  );
}

function missing({ type, repository, settings }: Hub, what: string, states: readonly HubFileState[] = []): MlanError {
  const lack = states.includes("changed")
    ? `has ${what} of ${repository}, but with different bytes than on the Hub`
    : `lacks ${what} of ${repository}`;
  const option = type === "model" ? "weights" : "folder";
  const message =
    `hub: offline, and the cache ${pathOf(settings.cache)} ${lack}. ` +
    `Open the ${type} once while online (HF_HUB_OFFLINE unset), or give a folder with its files as \`${option}\`.`;
  return new MlanError("unavailable", message);
}
