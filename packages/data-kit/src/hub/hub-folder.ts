import { datasetInfo, listFiles } from "@huggingface/hub";
import { MlanError, type OpenOptions, pathOf } from "@mlan/core";
import { sha256OfFile } from "../files/checksum.ts";
import { type Files, type FileSource, matching } from "../files/file-source.ts";
import { type HubCache, hubCache, type HubFile, isCommit } from "./hub-cache.ts";
import { isWhole } from "./hub-content.ts";
import { downloadFile } from "./hub-download.ts";
import { hubFetch } from "./hub-fetch.ts";
import { type HubOptions, type HubSettings, hubSettings } from "./hub-options.ts";
import { withRetries } from "./hub-retry.ts";

export interface HubDataset extends HubOptions {
  /** Owner and name, e.g. "google/boolq". */
  readonly repository: string;
  /** A commit (its files never change), or a branch or tag, which is looked up at every opening unless offline. */
  readonly revision: string;
}

/**
 * Files of a dataset on the Hugging Face Hub, downloaded into the cache when they are asked for and never again.
 * Throws `unavailable` errors that tell what to do: gated, missing, busy, offline.
 */
export function hubFolder(dataset: HubDataset): FileSource {
  const place = `${dataset.repository} on the Hub`;
  return { place, open: (options) => openHub(place, dataset, options ?? {}) };
}

async function openHub(place: string, dataset: HubDataset, { signal }: OpenOptions): Promise<Files> {
  const { repository } = dataset;
  const settings = hubSettings(dataset);
  const cache = hubCache(settings.cache, repository);
  const hub: Hub = { dataset, settings, cache, signal, fetch: hubFetch(settings, signal) };
  const commit = await commitOf(hub);
  const list = await listOf(hub, commit);
  const folder = cache.folder(commit);
  const find = (path: string): HubFile => {
    const file = list.find((candidate) => candidate.path === path);
    if (file) return file;
    throw new MlanError("unavailable", `data-kit: ${repository} has no file ${path} at ${commit}.`);
  };
  const local = async (path: string): Promise<URL> => {
    const [file, target] = [find(path), targetOf(folder, path)];
    if (await isWhole(target, file)) return target;
    if (settings.offline) throw missing(hub, `the file ${path}`);
    await downloadFile({ repository, commit, file, target, settings, fetch: hub.fetch, signal });
    return target;
  };
  return {
    place,
    folder,
    match: async (pattern) =>
      matching(
        list.map(({ path }) => path),
        pattern,
      ),
    local,
    checksum: async (path) => find(path).sha256 ?? sha256OfFile(await local(path)),
  };
}

interface Hub {
  readonly dataset: HubDataset;
  readonly settings: HubSettings;
  readonly cache: HubCache;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

async function commitOf(hub: Hub): Promise<string> {
  const { dataset, settings, cache, signal, fetch } = hub;
  const { repository, revision } = dataset;
  if (isCommit(revision)) return revision;
  if (settings.offline) {
    const known = await cache.readCommit(revision);
    if (known !== undefined) return known;
    throw missing(hub, `the revision ${revision}`);
  }
  const { sha } = await withRetries({ settings, signal, asked: { repository, revision } }, () =>
    datasetInfo({
      name: repository,
      revision,
      additionalFields: ["sha"],
      hubUrl: settings.endpoint,
      fetch,
      ...(settings.token && { accessToken: settings.token }),
    }),
  );
  if (!isCommit(sha))
    throw new MlanError("unavailable", `data-kit: the Hub names no commit for ${repository} ${revision}.`);
  await cache.writeCommit(revision, sha);
  return sha;
}

async function listOf(hub: Hub, commit: string): Promise<readonly HubFile[]> {
  const { dataset, settings, cache, signal } = hub;
  const known = await cache.readList(commit);
  if (known) return known;
  if (settings.offline) throw missing(hub, "the list of files");
  const asked = { repository: dataset.repository, revision: commit };
  const files = await withRetries({ settings, signal, asked }, () => fetchList(hub, commit));
  await cache.writeList(commit, files);
  return files;
}

async function fetchList({ dataset, settings, fetch }: Hub, commit: string): Promise<readonly HubFile[]> {
  const files: HubFile[] = [];
  const entries = listFiles({
    repo: { type: "dataset", name: dataset.repository },
    revision: commit,
    recursive: true,
    hubUrl: settings.endpoint,
    fetch,
    ...(settings.token && { accessToken: settings.token }),
  });
  for await (const { type, path, size, oid, lfs } of entries) {
    if (type !== "file") continue;
    files.push(lfs ? { path, size: lfs.size, sha256: lfs.oid } : { path, size, ...(oid && { oid }) });
  }
  return files;
}

/** Paths come from the Hub: none may leave the cache. */
function targetOf(folder: URL, path: string): URL {
  const segments = path.split("/");
  if (segments.every((segment) => !/^\.{0,2}$|[\\:\0]/.test(segment))) {
    return new URL(segments.map(encodeURIComponent).join("/"), folder);
  }
  throw new MlanError(
    "invalid-data",
    `data-kit: the Hub lists a file "${path}" outside its dataset; it is not downloaded.`,
  );
}

function missing({ dataset, settings }: Hub, what: string): MlanError {
  return new MlanError(
    "unavailable",
    `data-kit: offline, and the cache ${pathOf(settings.cache)} lacks ${what} of ${dataset.repository}. ` +
      "Open it once with a network (HF_HUB_OFFLINE unset), or give the files as `folder`.",
  );
}
