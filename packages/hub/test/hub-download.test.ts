import type { DownloadProgress } from "@mlan/core";
import { type HubOptions, openRepository, type RepositoryFiles } from "@mlan/hub";
import { type HubServer, hubServer, temporaryFolder } from "@mlan/testing";
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile, truncate } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
/** Bytes without a pattern that a wrong offset could hide in. */
const CONTENT = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index + (index >> 8)) % 251);
const SMALL = "data/small.bin";
const LARGE = "data/large.bin";
const HALF = 100_000;

beforeEach(withoutHubVariables);

test.each([SMALL, LARGE])("goes on where the connection broke: %s", async (path) => {
  const { hub, files } = await setUp();
  const cut = once(path, (_, response) => void begin(response, () => response.destroy()));
  if (path === LARGE) hub.interceptStorage = cut;
  else hub.intercept = cut;
  await expectWhole(files, path);
  expect(hub.ranges).toEqual([undefined, `bytes=${HALF}-`]);
  expect(hub.sent).toEqual([CONTENT.length - HALF]);
});

test("counts no failures as long as each try brings something", async () => {
  const { hub, files } = await setUp({ attempts: 2 });
  hub.intercept = (request, response) => {
    const start = startOf(request);
    if (!isContent(request) || start > 250_000) return false;
    const length = CONTENT.length - start;
    const range = `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}`;
    response.writeHead(start ? 206 : 200, { "content-length": length, ...(start && { "content-range": range }) });
    response.write(CONTENT.subarray(start, start + 40_000), () => setTimeout(() => response.destroy(), 20));
    return true;
  };
  await expectWhole(files, SMALL);
  expect(hub.ranges).toHaveLength(8);
});

test("starts over when the server sends everything again", async () => {
  const { hub, files } = await setUp();
  hub.intercept = inOrder(
    (response) => void begin(response, () => response.destroy()),
    (response) => response.writeHead(200, { "content-length": CONTENT.length }).end(CONTENT),
  );
  await expectWhole(files, SMALL);
  expect(hub.ranges).toEqual([undefined, `bytes=${HALF}-`]);
});

test.each([`bytes 0-${CONTENT.length - 1}/${CONTENT.length}`, `bytes ${HALF}-${CONTENT.length - 1}/400000`])(
  "starts over when the server sends another range, or another file's: %s",
  async (range) => {
    const { hub, files } = await setUp({ attempts: 1 });
    hub.intercept = inOrder(
      (response) => void begin(response, () => response.destroy()),
      (response) => response.writeHead(206, { "content-range": range }).end(CONTENT.subarray(HALF)),
    );
    await expect(files.local(SMALL)).rejects.toThrow("the download will resume where it stopped");
    await expect(files.local(SMALL)).rejects.toThrow(`the range ${range} arrived instead of the bytes from ${HALF} on`);
    await expectWhole(files, SMALL);
    expect(hub.ranges).toEqual([undefined, `bytes=${HALF}-`, undefined]);
  },
);

test("starts over at once when the server has no such range", async () => {
  const { hub, files } = await setUp({ attempts: 2 });
  hub.intercept = inOrder(
    (response) => void begin(response, () => response.destroy()),
    (response) => response.writeHead(416).end(),
  );
  await expectWhole(files, SMALL);
  expect(hub.ranges).toEqual([undefined, `bytes=${HALF}-`, undefined]);
});

test("fetches anew what arrived damaged, and keeps nothing of it", async () => {
  const { hub, files } = await setUp();
  const damaged = CONTENT.with(7, 252);
  hub.intercept = inOrder((response) => response.end(damaged));
  await expectWhole(files, SMALL);
  expect(hub.ranges).toEqual([undefined, undefined]);
});

test("fetches anew when the bytes that were kept prove wrong", async () => {
  const { hub, files } = await setUp();
  hub.intercept = inOrder((response) => {
    response.writeHead(200, { "content-length": CONTENT.length });
    response.write(CONTENT.with(7, 252).subarray(0, HALF), () => setTimeout(() => response.destroy(), 20));
  });
  await expectWhole(files, SMALL);
  expect(hub.ranges).toEqual([undefined, `bytes=${HALF}-`, undefined]);
});

test.each([
  ["damaged", CONTENT.with(7, 252), "(last: its checksum is "],
  ["too long", new Uint8Array(300_001), "(last: 300001 bytes arrived instead of 300000)"],
])("gives up a file that always arrives %s, and leaves nothing of it", async (_, content, reason) => {
  const { hub, files } = await setUp();
  hub.intercept = (request, response) => isContent(request) && Boolean(response.end(content));
  await expect(files.local(SMALL)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining(reason),
  });
  await expect(files.local(SMALL)).rejects.toThrow(
    `dataset acme/bytes, revision ${COMMIT}, file ${SMALL}: the download failed 3 times in a row`,
  );
  expect(await readdir(new URL("../../blobs/", files.folder))).toEqual([]);
});

test("keeps what arrived when it gives up, and goes on with it at the next call", async () => {
  const { hub, files } = await setUp({ attempts: 1 });
  hub.intercept = inOrder((response) => void begin(response, () => response.destroy()));
  await expect(files.local(SMALL)).rejects.toThrow("start again; the download will resume where it stopped");
  await expect(readFile(new URL(SMALL, files.folder))).rejects.toThrow("ENOENT");
  await expectWhole(files, SMALL);
  expect(hub.sent).toEqual([CONTENT.length - HALF]);
});

test("needs no request more when only the end of the answer was lost", async () => {
  const { hub, files } = await setUp();
  hub.intercept = inOrder((response) => {
    response.write(CONTENT, () => setTimeout(() => response.destroy(), 20));
  });
  await expectWhole(files, SMALL);
  expect(hub.ranges).toEqual([undefined]);
});

test.each([
  ["Retry-After", { "retry-after": "1" }],
  ["RateLimit", { ratelimit: '"resolvers";r=0;t=1' }],
])("waits as long as %s says", async (_, headers) => {
  const { hub, files } = await setUp();
  const times: number[] = [];
  hub.intercept = (request, response) => {
    if (!isContent(request)) return false;
    times.push(Date.now());
    return times.length === 1 && Boolean(response.writeHead(429, headers).end());
  };
  await expectWhole(files, SMALL);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
});

test.each([408, 429, 500, 502, 503, 504])(
  "tries a file again after %i, and names it when it gives up",
  async (status) => {
    const { hub, files } = await setUp();
    hub.intercept = inOrder(
      (response) => response.writeHead(status).end(),
      (response) => response.writeHead(status).end(),
    );
    await expectWhole(files, SMALL);
    hub.intercept = (_, response) => Boolean(response.writeHead(status).end());
    await expect(files.local(LARGE)).rejects.toThrow(
      new RegExp(`acme/bytes, revision ${COMMIT}, file ${LARGE}: the Hub answered ${status}.*3 times in a row`, "s"),
    );
  },
);

test("asks the Hub for a new address when the storage refuses the old one", async () => {
  const { hub, files } = await setUp();
  hub.interceptStorage = once(LARGE, (_, response) => void response.writeHead(403).end());
  await expectWhole(files, LARGE);
  expect(hub.ranges).toHaveLength(2);
});

test("goes on elsewhere when a connection stalls, in the middle or before it begins", async () => {
  const { hub, files } = await setUp({ timeout: 1000 });
  hub.intercept = inOrder(
    () => undefined,
    (response) => void begin(response, () => undefined),
  );
  await expectWhole(files, SMALL);
  expect(hub.ranges).toEqual([undefined, undefined, `bytes=${HALF}-`]);
});

test("tells that a connection stalls", async () => {
  const { hub, files } = await setUp({ timeout: 100, attempts: 1 });
  hub.intercept = (request, response) => isContent(request) && begin(response, () => undefined);
  await expect(files.local(SMALL)).rejects.toThrow(/last: (no bytes|fewer than 16 KiB) arrived in 0\.1 s/);
});

test("gives up a list of files that stalls", async () => {
  const { hub, cache } = await setUp();
  hub.intercept = (_, response) => response.write("[");
  await expect(openFiles(hub, cache, { revision: "main", timeout: 100, attempts: 1 })).rejects.toThrow(
    "cannot be reached (fewer than 16 KiB arrived in 0.1 s)",
  );
});

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

test("fetches a file again whose copy has another size", async () => {
  const { hub, files } = await setUp();
  await truncate(await files.local(SMALL), 5);
  await expectWhole(files, SMALL);
  expect(hub.sent).toEqual([CONTENT.length, CONTENT.length]);
});

test("makes an empty file without asking for a range of it", async () => {
  const { hub, files } = await setUp();
  expect(await readFile(await files.local("empty.txt"), "utf8")).toBe("");
  expect(hub.ranges).toEqual([]);
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

async function setUp(options: HubOptions = {}) {
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

function optionsFor({ endpoint }: HubServer, cache: URL): HubOptions {
  return { endpoint, cache, attempts: 3, retryDelay: 0 };
}

function openFiles(
  hub: HubServer,
  cache: URL,
  options: HubOptions = {},
  onDownload: (progress: DownloadProgress) => void = () => undefined,
): Promise<RepositoryFiles> {
  const asked = { type: "dataset", repository: "acme/bytes", revision: COMMIT } as const;
  return openRepository({ ...asked, ...optionsFor(hub, cache), ...options }, { onDownload });
}

/** The names of unfinished downloads. */
async function parts({ folder }: RepositoryFiles): Promise<readonly string[]> {
  const names = await readdir(new URL("../../blobs/", folder));
  return names.filter((name) => !/^[0-9a-f]+$/.test(name));
}

/** The file arrives whole, and nothing else is left. */
async function expectWhole(files: RepositoryFiles, path: string, others: readonly string[] = []): Promise<void> {
  const bytes = await readFile(await files.local(path));
  expect(bytes.equals(CONTENT)).toBe(true);
  expect(await readdir(new URL("data/", files.folder))).toContain(path.slice("data/".length));
  expect(await parts(files)).toEqual(others);
}

function isContent({ url }: IncomingMessage): boolean {
  return url!.includes("/resolve/");
}

function startOf({ headers }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
}

/** Sends the first {@link HALF} bytes of the whole, and does the rest when they have gone. */
function begin(response: ServerResponse, then: () => void): true {
  response.writeHead(200, { "content-length": CONTENT.length });
  response.write(CONTENT.subarray(0, HALF), () => setTimeout(then, 50));
  return true;
}

/** Answers the first request for that path. */
function once(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  let done = false;
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (done || !request.url!.endsWith(path)) return false;
    done = true;
    answer(request, response);
    return true;
  };
}

/** Answers the first requests for content, one after the other. */
function inOrder(...answers: ((response: ServerResponse) => unknown)[]) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const answer = isContent(request) ? answers.shift() : undefined;
    answer?.(response);
    return answer !== undefined;
  };
}

/** A process that has written the first {@link HALF} bytes and waits for more. */
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
