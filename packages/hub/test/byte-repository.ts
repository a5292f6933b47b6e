import type { DownloadProgress } from "@mlan/core";
import { type HubOptions, openRepository, type RepositoryFiles } from "@mlan/hub";
import { type HubServer, hubServer, temporaryFolder } from "@mlan/testing";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "vitest";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Bytes without a repeating pattern, so that a wrong offset is noticed. */
export const CONTENT = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index + (index >> 8)) % 251);

export const SMALL = "data/small.bin";

export const LARGE = "data/large.bin";

export const HALF = 100_000;

export async function setUp(options: HubOptions = {}) {
  const hub = await hubServer({
    name: "acme/bytes",
    commit: COMMIT,
    files: { [SMALL]: CONTENT, [LARGE]: CONTENT, "empty.txt": "" },
    large: [LARGE],
  });
  const cache = temporaryFolder();
  // The list of files is then in the cache, so that the options concern the download alone.
  await openFiles(hub, cache);
  return { hub, cache, files: await openFiles(hub, cache, options) };
}

export function optionsFor({ endpoint }: HubServer, cache: URL): HubOptions {
  return { endpoint, cache, attempts: 3, retryDelay: 0 };
}

export function openFiles(
  hub: HubServer,
  cache: URL,
  options: HubOptions = {},
  onDownload: (progress: DownloadProgress) => void = () => undefined,
): Promise<RepositoryFiles> {
  const asked = { type: "dataset", repository: "acme/bytes", revision: COMMIT } as const;
  return openRepository({ ...asked, ...optionsFor(hub, cache), ...options }, { onDownload });
}

/** Returns the names of the files of unfinished downloads. */
export async function parts({ folder }: RepositoryFiles): Promise<readonly string[]> {
  const names = await readdir(new URL("../../blobs/", folder));
  return names.filter((name) => !/^[0-9a-f]+$/.test(name));
}

/** Expects that the file is complete, and that no partial file is left. */
export async function expectWhole(files: RepositoryFiles, path: string, others: readonly string[] = []): Promise<void> {
  const bytes = await readFile(await files.local(path));
  expect(bytes.equals(CONTENT)).toBe(true);
  expect(await readdir(new URL("data/", files.folder))).toContain(path.slice("data/".length));
  expect(await parts(files)).toEqual(others);
}

export function isContent({ url }: IncomingMessage): boolean {
  return url!.includes("/resolve/");
}

/** Sends the first {@link HALF} bytes of the file, and then calls `then`. */
export function begin(response: ServerResponse, then: () => void): true {
  response.writeHead(200, { "content-length": CONTENT.length });
  response.write(CONTENT.subarray(0, HALF), () => setTimeout(then, 50));
  return true;
}

/** Returns an interceptor that answers only the first request for a path. */
export function once(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  let done = false;
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (done || !request.url!.endsWith(path)) return false;
    done = true;
    answer(request, response);
    return true;
  };
}

/** Returns an interceptor that answers the first requests for content, one after the other. */
export function inOrder(...answers: ((response: ServerResponse) => unknown)[]) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const answer = isContent(request) ? answers.shift() : undefined;
    answer?.(response);
    return answer !== undefined;
  };
}
