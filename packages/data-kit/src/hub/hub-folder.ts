import { MlanError, type OpenOptions, pathOf, removeOldTemporaryFiles, sha256OfFile } from "@mlan/core";
import { type Files, type FileSource, matching } from "../files/file-source.ts";
import { fetchCommit, fetchList, type HubRequest } from "./hub-api.ts";
import { type HubCache, hubCache, type HubFile, isCommit } from "./hub-cache.ts";
import { type HubFileState, stateOf } from "./hub-content.ts";
import { downloadFile } from "./hub-download.ts";
import { hubFetch } from "./hub-fetch.ts";
import { type HubOptions, hubSettings } from "./hub-options.ts";
import { PART_FILE } from "./hub-part.ts";
import { missingPart, type PythonCache, pythonCache } from "./python-cache.ts";

export interface HubDataset extends HubOptions {
  /** Owner and name, e.g. "google/boolq". */
  readonly repository: string;
  /**
   * A commit (its files never change), or a branch or tag, which is looked up each time it is opened unless offline.
   */
  readonly revision: string;
}

/**
 * The files of a dataset on the Hugging Face Hub, each downloaded into the cache once, when it is first needed. Files
 * downloaded by Python's `huggingface_hub` are read in place. Throws `unavailable` errors that say what to do when the
 * dataset is gated or missing, or the Hub is busy or offline.
 */
export function hubFolder(dataset: HubDataset): FileSource {
  const place = `${dataset.repository} on the Hub`;
  return { place, open: (options) => openHub(place, dataset, options ?? {}) };
}

async function openHub(place: string, dataset: HubDataset, { signal }: OpenOptions): Promise<Files> {
  const { repository, revision } = dataset;
  checkNames(dataset);
  const settings = await hubSettings(dataset);
  const hub: Hub = {
    repository,
    settings,
    signal,
    fetch: hubFetch(settings, signal),
    cache: hubCache(settings.cache, repository),
    python: pythonCache(settings.pythonCache, repository),
  };
  await removeOldTemporaryFiles(hub.cache.home, { recursive: true, also: PART_FILE });
  const commit = await commitOf(hub, revision);
  const list = await listOf(hub, commit);
  const find = (path: string): HubFile => {
    const file = list.find((candidate) => candidate.path === path);
    if (file) return file;
    throw new MlanError("unavailable", `data-kit: ${repository} has no file ${path} at ${commit}.`);
  };
  const local = async (path: string): Promise<URL> => localFile(hub, commit, find(path));
  return {
    place,
    folder: hub.cache.folder(commit),
    match: async (pattern) =>
      matching(
        list.map(({ path }) => path),
        pattern,
      ),
    local,
    // Verifies the file first: its bytes decide, whatever a list says.
    async checksum(path) {
      const file = await local(path);
      return find(path).sha256 ?? sha256OfFile(file);
    },
  };
}

interface Hub extends HubRequest {
  readonly cache: HubCache;
  readonly python: PythonCache;
}

async function localFile(hub: Hub, commit: string, file: HubFile): Promise<URL> {
  const { repository, settings, cache, python, fetch, signal } = hub;
  const target = targetOf(cache.folder(commit), file.path);
  const record = cache.record(commit, file.path);
  const states: HubFileState[] = [];
  for (const place of [target, python.file(commit, file.path)]) {
    const state = await stateOf({ place, record }, file);
    if (state === "whole") return place;
    states.push(state);
  }
  if (settings.offline) throw missing(hub, `the file ${file.path}`, states.includes("changed"));
  await downloadFile({ repository, commit, file, target, record, settings, fetch, signal });
  return target;
}

async function commitOf(hub: Hub, revision: string): Promise<string> {
  const { settings, cache, python } = hub;
  if (isCommit(revision)) return revision;
  if (settings.offline) {
    const known = (await cache.readCommit(revision)) ?? (await python.readCommit(revision));
    if (known !== undefined) return known;
    throw missing(hub, `the revision ${revision}`);
  }
  const commit = await fetchCommit(hub, revision);
  await cache.writeCommit(revision, commit);
  return commit;
}

async function listOf(hub: Hub, commit: string): Promise<readonly HubFile[]> {
  const { settings, cache, python } = hub;
  const known = await cache.readList(commit);
  if (known) return known;
  if (!settings.offline) {
    const files = await fetchList(hub, commit);
    await cache.writeList(commit, files);
    return files;
  }
  const files = await python.readList(commit);
  if (!files) throw missing(hub, "the list of files");
  const part = missingPart(files);
  if (part !== undefined) throw missing(hub, `the file ${part}`);
  return files;
}

/** Names become parts of paths and URLs. */
function checkNames({ repository, revision }: HubDataset): void {
  const segment = "(?!\\.{1,2}(?:/|$))[\\w.-]+";
  if (!new RegExp(`^${segment}(?:/${segment})?$`).test(repository)) {
    const message = `data-kit: ${JSON.stringify(repository)} is not the name of a dataset on the Hub; give owner and name, e.g. "google/boolq".`;
    throw new MlanError("invalid-options", message);
  }
  if (/^$|\p{Surrogate}|\p{Cc}|(?:^|\/)\.\.?(?:\/|$)/u.test(revision)) {
    const message = `data-kit: ${JSON.stringify(revision)} is not a revision; give a commit, branch or tag as hub.revision.`;
    throw new MlanError("invalid-options", message);
  }
}

/** Paths come from the Hub, so they must not leave the cache. */
function targetOf(folder: URL, path: string): URL {
  const segments = path.split("/");
  if (segments.every((segment) => !/^\.{0,2}$|[\\:\0]|\p{Surrogate}/u.test(segment))) {
    return new URL(segments.map(encodeURIComponent).join("/"), folder);
  }
  const shown = JSON.stringify(path.slice(0, 200));
  throw new MlanError(
    "invalid-data",
    `data-kit: the Hub lists a file ${shown} outside its dataset; it is not downloaded.`,
  );
}

function missing({ repository, settings }: Hub, what: string, changed = false): MlanError {
  const place = pathOf(settings.cache);
  const lack = changed
    ? `has ${what} of ${repository} with different bytes than the Hub`
    : `lacks ${what} of ${repository}`;
  const message =
    `data-kit: offline, and the cache ${place} ${lack} (and so does Python's, ${pathOf(settings.pythonCache)}). ` +
    "Open the dataset once while online (HF_HUB_OFFLINE unset), or give the files as `folder`.";
  return new MlanError("unavailable", message);
}
