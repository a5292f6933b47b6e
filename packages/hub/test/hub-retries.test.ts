import type { IncomingMessage } from "node:http";
import { beforeEach, expect, test } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";
import {
  COMMIT,
  CONTENT,
  SMALL,
  LARGE,
  HALF,
  setUp,
  openFiles,
  expectWhole,
  isContent,
  begin,
  once,
  inOrder,
} from "./byte-repository.ts";

beforeEach(withoutHubVariables);

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
  await expect(files.local(SMALL)).rejects.toThrow(/failed \((no bytes|fewer than 16 KiB) arrived in 0\.1 s/);
});

test("gives up a list of files that stalls", async () => {
  const { hub, cache } = await setUp();
  hub.intercept = (_, response) => response.write("[");
  await expect(openFiles(hub, cache, { revision: "main", timeout: 100, attempts: 1 })).rejects.toThrow(
    "cannot be reached (fewer than 16 KiB arrived in 0.1 s)",
  );
});

function startOf({ headers }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
}
