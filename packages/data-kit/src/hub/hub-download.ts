import { makeFolder, messageOf, MlanError, pathOf } from "@mlan/core";
import { open, rename, rm, statfs } from "node:fs/promises";
import type { HubFile } from "./hub-cache.ts";
import { checkContent, markWhole, stateOf } from "./hub-content.ts";
import { answerOf } from "./hub-fetch.ts";
import type { HubSettings } from "./hub-options.ts";
import { claimPart, sizeOf } from "./hub-part.ts";
import { withRetries } from "./hub-retry.ts";

export interface HubDownload {
  readonly repository: string;
  readonly commit: string;
  readonly file: HubFile;
  /** Appears in one step, after size and checksum have been verified. */
  readonly target: URL;
  /** Records that the target's bytes were verified. */
  readonly record: URL;
  readonly settings: HubSettings;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

/**
 * Fetches one file; calls for the same file run one after another. An interrupted download resumes where it stopped, in
 * this process or a later one; bytes that fail verification are fetched again.
 */
export function downloadFile(download: HubDownload): Promise<void> {
  return inTurn(download.target.href, async () => {
    const { target, record, file, signal } = download;
    signal?.throwIfAborted();
    if ((await stateOf({ place: target, record }, file)) === "whole") return;
    try {
      await makeFolder(new URL("./", target));
      const part = await claimPart(target, file);
      await checkSpace(download, part);
      await fillInTries(download, part);
      await rename(part, target);
    } catch (cause) {
      signal?.throwIfAborted();
      throw MlanError.is(cause) ? cause : unwritable(download, cause);
    }
    await markWhole({ place: target, record }, file);
  });
}

/** An attempt that delivers fewer bytes than this has failed, unless it completes the file. */
const PROGRESS = 16 * 1024;

async function fillInTries(download: HubDownload, part: URL): Promise<void> {
  const { file, settings, signal, repository, commit } = download;
  let furthest = await sizeOf(part);
  const advanced = async (): Promise<boolean> => {
    const size = await sizeOf(part);
    if (size < Math.min(furthest + PROGRESS, file.size) || size === furthest) return false;
    furthest = size;
    return true;
  };
  const asked = { repository, revision: commit, file: file.path };
  await withRetries({ settings, signal, asked, advanced }, async () => {
    await fill(download, part);
    await checkContent(file, part);
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

/** Appends the missing bytes to `part`; an unexpected answer leaves it empty. */
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
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > file.size) break;
      await handle.appendFile(chunk);
    }
    await handle.sync();
  } catch (cause) {
    throw Object(cause).code === "ENOSPC" ? diskFull(download, cause) : cause;
  } finally {
    await handle.close();
  }
  if (size > file.size) await rm(part);
  if (size !== file.size) throw new Error(`${size} bytes arrived instead of ${file.size}`);
}

/** Requests the bytes from `size` on. A server may send the whole file instead, so `start` says where `body` begins. */
async function request(
  download: HubDownload,
  part: URL,
  size: number,
): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly start: number }> {
  const { repository, commit, file, settings, fetch } = download;
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const headers = {
    // With compression, a range would count compressed bytes.
    "accept-encoding": "identity",
    ...(settings.token && { authorization: `Bearer ${settings.token}` }),
    ...(size > 0 && { range: `bytes=${size}-` }),
  };
  try {
    const response = await fetch(`${settings.endpoint}/datasets/${repository}/resolve/${commit}/${path}`, { headers });
    if (!response.body) throw new Error("the answer has no body");
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

/** Checks before hours of download, not after. Skipped on file systems that do not report blocks. */
async function checkSpace(download: HubDownload, part: URL): Promise<void> {
  const disk = await statfs(new URL("./", part)).catch(() => undefined);
  if (!disk || disk.blocks === 0) return;
  if (disk.bavail * disk.bsize < download.file.size - (await sizeOf(part))) throw diskFull(download);
}

function diskFull({ file, target }: HubDownload, cause?: unknown): MlanError {
  const message = `data-kit: the disk is full; ${file.path} needs ${file.size} bytes at ${pathOf(target)}. Free some space, or set MLAN_CACHE to a folder on another disk.`;
  return new MlanError("unavailable", message, { cause });
}

function unwritable({ file, target }: HubDownload, cause: unknown): MlanError {
  const message = `data-kit: ${file.path} cannot be stored at ${pathOf(target)} (${messageOf(cause)}); fix that, or set MLAN_CACHE to a writable folder.`;
  return new MlanError("unavailable", message, { cause });
}
