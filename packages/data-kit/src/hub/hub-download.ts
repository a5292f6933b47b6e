import { fileDownloadInfo } from "@huggingface/hub";
import { messageOf, MlanError } from "@mlan/core";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import type { HubFile } from "./hub-cache.ts";
import type { HubSettings } from "./hub-options.ts";

export interface HubDownload {
  readonly repository: string;
  readonly commit: string;
  readonly file: HubFile;
  /** Replaced in one step, after size and checksum have proved right. */
  readonly target: URL;
  readonly settings: HubSettings;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

/** Fetches one file. A body that breaks off or arrives damaged is asked for again. */
export async function downloadFile(download: HubDownload): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryDownload(download);
    } catch (cause) {
      download.signal?.throwIfAborted();
      if (MlanError.is(cause)) throw cause;
      if (attempt < download.settings.attempts) continue;
      const { repository, file } = download;
      const message = `data-kit: ${file.path} of ${repository} could not be downloaded (${messageOf(cause)}); start again to retry.`;
      throw new MlanError("unavailable", message, { cause });
    }
  }
}

async function tryDownload(download: HubDownload): Promise<void> {
  const { target, file } = download;
  const temporary = new URL(`${target.href}.${randomUUID()}.part`);
  await mkdir(new URL("./", target), { recursive: true });
  try {
    const body = await request(download);
    const handle = await open(temporary, "w");
    try {
      for await (const chunk of verified(body, file)) await handle.appendFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw Object(cause).code === "ENOSPC" ? diskFull(download, cause) : cause;
  }
}

/** The library asks the Hub where the file lies; streaming it is ours, so that errors keep their status. */
async function request({ repository, commit, file, settings, fetch }: HubDownload): Promise<AsyncIterable<Uint8Array>> {
  const info = await fileDownloadInfo({
    repo: { type: "dataset", name: repository },
    // The library puts the path into a URL as it is: "#" or "?" in a name would end it.
    path: file.path.split("/").map(encodeURIComponent).join("/"),
    revision: commit,
    hubUrl: settings.endpoint,
    fetch,
    ...(settings.token && { accessToken: settings.token }),
  });
  if (!info) throw new Error("the Hub lists it, but does not have it");
  const headers = settings.token ? { authorization: `Bearer ${settings.token}` } : {};
  const response = await fetch(info.url, { headers });
  if (!response.body) throw new Error("the answer has no body");
  return response.body;
}

async function* verified(body: AsyncIterable<Uint8Array>, file: HubFile): AsyncIterable<Uint8Array> {
  const sha256 = createHash("sha256");
  const git = createHash("sha1").update(`blob ${file.size}\0`);
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    sha256.update(chunk);
    git.update(chunk);
    yield chunk;
  }
  if (size !== file.size) throw new Error(`${size} bytes arrived instead of ${file.size}`);
  const [expected, found] = file.sha256 ? [file.sha256, sha256.digest("hex")] : [file.oid, git.digest("hex")];
  if (expected !== undefined && expected !== found) throw new Error(`its checksum is ${found} instead of ${expected}`);
}

function diskFull({ file, target }: HubDownload, cause: unknown): MlanError {
  const message = `data-kit: the disk is full; ${file.path} needs ${file.size} bytes at ${target.pathname}. Free some, or set MLAN_CACHE.`;
  return new MlanError("unavailable", message, { cause });
}
