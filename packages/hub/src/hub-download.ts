import { type DownloadProgress, makeFolder, messageOf, MlanError, pathOf } from "@mlan/core";
import { open, rename, rm, statfs } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { HubRequest } from "./hub-api.ts";
import type { HubFile } from "./hub-cache.ts";
import { checkContent, markWhole, stateOf } from "./hub-content.ts";
import { answerOf } from "./hub-fetch.ts";
import { bytesKept, claimPart, partInProgress, sizeOf } from "./hub-part.ts";
import { withRetries } from "./hub-retry.ts";
import { pathOfRepository } from "./hub-target.ts";

export interface HubDownload extends HubRequest {
  readonly commit: string;
  readonly file: HubFile;
  /** The downloaded file. It appears atomically, after size and checksum have been verified. */
  readonly blob: URL;
  /** The file that records that the blob's bytes were verified. */
  readonly record: URL;
  readonly onDownload: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * Downloads one file. Calls for the same file run one after another, even in different processes. An interrupted
 * download resumes where it stopped, in this process or a later one. Bytes that fail verification are fetched again.
 */
export function downloadFile(download: HubDownload): Promise<void> {
  return inTurn(download.blob.href, async () => {
    const { blob, record, file, signal } = download;
    signal?.throwIfAborted();
    try {
      await makeFolder(new URL("./", blob));
      await waitForOthers(download);
      if ((await stateOf({ place: blob, record }, file, signal)) === "whole") return;
      await checkSpace(download.blob, [download]);
      const part = await claimPart(blob);
      await fillInTries(download, part);
      await rename(part, blob);
    } catch (cause) {
      signal?.throwIfAborted();
      throw MlanError.is(cause) ? cause : unwritable(download, cause);
    }
    await markWhole({ place: blob, record }, file);
  });
}

/** Time between two checks of another process's download, in milliseconds. */
const GLANCE = 200;

/**
 * Waits while another process downloads the same file. Two processes that begin at the same moment may both download
 * the file; each has its own partial file, and both results are correct.
 */
async function waitForOthers({ blob, settings, signal, ...download }: HubDownload): Promise<void> {
  for (;;) {
    const part = await partInProgress(blob, 2 * settings.timeout);
    if (!part) return;
    report({ ...download, blob, settings, signal }, await sizeOf(part));
    await wait(GLANCE, undefined, signal ? { signal } : {});
  }
}

/** Number of bytes between two progress reports. */
const REPORTED = 2 ** 23;

function report({ repository, file, onDownload }: HubDownload, bytes: number): void {
  onDownload?.({ source: `${repository} on the Hub`, file: file.path, bytes, size: file.size });
}

/** Number of bytes that an attempt must deliver to count as successful, unless it completes the file. */
const PROGRESS = 16 * 1024;

async function fillInTries(download: HubDownload, part: URL): Promise<void> {
  const { type, file, settings, signal, repository, commit } = download;
  let furthest = await sizeOf(part);
  const advanced = async (): Promise<boolean> => {
    const size = await sizeOf(part);
    if (size < Math.min(furthest + PROGRESS, file.size) || size === furthest) return false;
    furthest = size;
    return true;
  };
  const asked = { type, repository, revision: commit, file: file.path };
  await withRetries({ settings, signal, asked, advanced }, async () => {
    await fill(download, part);
    await checkContent(file, part, signal);
  });
}

const running = new Map<string, Promise<void>>();

async function inTurn(name: string, action: () => Promise<void>): Promise<void> {
  const turn = (running.get(name) ?? Promise.resolve()).catch(() => undefined).then(action);
  running.set(name, turn);
  try {
    await turn;
  } finally {
    if (running.get(name) === turn) running.delete(name);
  }
}

/** Appends the missing bytes to `part`. An unexpected response empties the file. */
async function fill(download: HubDownload, part: URL): Promise<void> {
  const { file } = download;
  let size = await sizeOf(part);
  if (size > file.size) {
    await rm(part);
    size = 0;
  }
  if (size === file.size && size > 0) return;
  const { body, start } = file.size === 0 ? { body: [], start: 0 } : await request(download, part, size);
  const handle = await open(part, start === 0 ? "w" : "a");
  size = start;
  let reported = -Infinity;
  try {
    for await (const chunk of body) {
      if (size >= reported + REPORTED) report(download, (reported = size));
      size += chunk.length;
      if (size > file.size) break;
      await handle.appendFile(chunk);
    }
    await handle.sync();
  } catch (cause) {
    throw Object(cause).code === "ENOSPC" ? diskFull(download.blob, [download], cause) : cause;
  } finally {
    await handle.close();
  }
  if (size > file.size) await rm(part);
  if (size !== file.size) throw new Error(`${size} bytes arrived instead of ${file.size}`);
  report(download, size);
}

/**
 * Requests the bytes from offset `size` to the end. Returns the body and its offset `start`, because a server may send
 * the whole file instead.
 */
async function request(
  download: HubDownload,
  part: URL,
  size: number,
): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly start: number }> {
  const { commit, file, settings, fetch } = download;
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const headers = {
    // A range of a compressed response would count compressed bytes.
    "accept-encoding": "identity",
    ...(settings.token && { authorization: `Bearer ${settings.token}` }),
    ...(size > 0 && { range: `bytes=${size}-` }),
  };
  const address = `${settings.endpoint}/${pathOfRepository(download)}/resolve/${commit}/${path}`;
  try {
    const response = await fetch(address, { headers });
    if (!response.body) throw new Error("the response has no body");
    if (response.status !== 206) return { body: response.body, start: 0 };
    const range = response.headers.get("content-range");
    if (range === `bytes ${size}-${file.size - 1}/${file.size}`) return { body: response.body, start: size };
    await response.body.cancel();
    await rm(part, { force: true });
    throw new Error(`the range ${range} arrived instead of the bytes from ${size} on`);
  } catch (cause) {
    if (size === 0 || answerOf(cause)?.status !== 416) throw cause;
    await rm(part, { force: true });
    return request(download, part, 0);
  }
}

/**
 * Throws `unavailable` before the downloads when the disk has no room for all files. Does nothing on file systems that
 * do not report free space.
 */
export async function checkSpace(place: URL, wanted: readonly Pick<HubDownload, "file" | "blob">[]): Promise<void> {
  const disk = await statfs(new URL("./", place)).catch(() => undefined);
  if (!disk || disk.blocks === 0) return;
  const missing = await Promise.all(wanted.map(async ({ file, blob }) => file.size - (await bytesKept(blob))));
  const needed = missing.reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
  if (disk.bavail * disk.bsize < needed) throw diskFull(place, wanted);
}

function diskFull(place: URL, wanted: readonly Pick<HubDownload, "file">[], cause?: unknown): MlanError {
  const bytes = wanted.reduce((sum, { file }) => sum + file.size, 0);
  const [first] = wanted;
  const what = first && wanted.length === 1 ? `${first.file.path} needs` : `${wanted.length} files need`;
  const message = `hub: the disk is full; ${what} ${bytes} bytes at ${pathOf(place)}. Free some space, or set HF_HUB_CACHE to a folder on another disk.`;
  return new MlanError("unavailable", message, { cause });
}

function unwritable({ file, blob }: HubDownload, cause: unknown): MlanError {
  const message = `hub: ${file.path} cannot be stored at ${pathOf(blob)} (${messageOf(cause)}); fix that, or set HF_HUB_CACHE to a writable folder.`;
  return new MlanError("unavailable", message, { cause });
}
