import type { DownloadProgress } from "@mlan/core";
import { openRepository } from "@mlan/hub";
import { type HubServer } from "@mlan/testing";
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile, truncate } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";
import {
  COMMIT,
  CONTENT,
  SMALL,
  HALF,
  setUp,
  optionsFor,
  openFiles,
  parts,
  expectWhole,
  isContent,
  begin,
  inOrder,
} from "./byte-repository.ts";

beforeEach(withoutHubVariables);

test("stops a download when it is told to", async () => {
  const { hub, cache } = await setUp();
  const controller = new AbortController();
  const asked = { ...optionsFor(hub, cache), type: "dataset", repository: "acme/bytes", revision: COMMIT } as const;
  const files = await openRepository(asked, { signal: controller.signal });
  hub.intercept = (_, response) => begin(response, () => controller.abort());
  await expect(files.local(SMALL)).rejects.toThrow(/abort/i);
});

test("fetches a file once for all who want it at once", async () => {
  const { hub, files, cache } = await setUp();
  const others = await openFiles(hub, cache);
  await Promise.all([files, others, files, others].map((some) => expectWhole(some, SMALL)));
  expect(hub.sent).toEqual([CONTENT.length]);
});

test(
  "goes on with what a killed process left, and never writes into what a living one holds",
  { timeout: 60_000 },
  async () => {
    // A living process that brings nothing is not waited for longer than twice the timeout.
    const { hub, files, cache } = await setUp({ timeout: 100 });
    const child = await downloadInChild(hub, cache);
    const [part] = await parts(files);
    hub.intercept = () => false;

    await expectWhole(files, SMALL, [part!]);
    expect(hub.ranges.splice(0)).toEqual([undefined, undefined]);
    expect((await readFile(new URL(`../../blobs/${part}`, files.folder))).length).toBe(HALF);

    await kill(child);
    await truncate(new URL(SMALL, files.folder), 1);
    await expectWhole(files, SMALL);
    expect(hub.ranges).toEqual([`bytes=${HALF}-`]);
  },
);

test(
  "waits for a living process that downloads the same file, and reports how far it is",
  { timeout: 60_000 },
  async () => {
    const { hub, cache } = await setUp();
    let goOn = (): void => undefined;
    await downloadInChild(hub, cache, (response) => (goOn = () => response.end(CONTENT.subarray(HALF))));
    const seen: number[] = [];
    const waiting = await openFiles(hub, cache, {}, ({ bytes }) => {
      seen.push(bytes);
      goOn();
    });
    await expectWhole(waiting, SMALL);
    expect(seen[0]).toBe(HALF);
    expect(hub.ranges).toEqual([undefined]);
  },
);

test("reports the bytes of a download, with those of an earlier start", async () => {
  const { hub, cache } = await setUp();
  hub.intercept = inOrder((response) => void begin(response, () => response.destroy()));
  const seen: DownloadProgress[] = [];
  const files = await openFiles(hub, cache, {}, (progress) => seen.push(progress));
  await expectWhole(files, SMALL);
  const place = { source: "acme/bytes on the Hub", file: SMALL, size: CONTENT.length };
  expect(seen.map(({ bytes }) => bytes)).toEqual([0, HALF, CONTENT.length]);
  expect(seen[1]).toEqual({ ...place, bytes: HALF });
});

/** Starts a process, and returns when it has written the first {@link HALF} bytes and waits for more. */
async function downloadInChild(
  hub: HubServer,
  cache: URL,
  then: (response: ServerResponse) => void = () => undefined,
): Promise<ChildProcess> {
  hub.intercept = (request, response) => isContent(request) && begin(response, () => then(response));
  const code = `
    import { openRepository } from "@mlan/hub";
    const cache = new URL(${JSON.stringify(cache.href)});
    const files = await openRepository({
      type: "dataset", repository: "acme/bytes", revision: "${COMMIT}", endpoint: "${hub.endpoint}", cache,
    });
    await files.local("${SMALL}");
  `;
  const flags = ["--import", "tsx", "--conditions=@mlan/source", "--input-type=module", "--eval", code];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const child = spawn(process.execPath, flags, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => kill(child));
  const folder = new URL("datasets--acme--bytes/blobs/", cache);
  await expect
    .poll(
      async () => {
        const names = await readdir(folder).catch(() => []);
        return names[0] && (await readFile(new URL(names[0], folder))).length;
      },
      { timeout: 20_000 },
    )
    .toBe(HALF);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
}
