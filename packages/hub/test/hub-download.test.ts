import { readdir, readFile, truncate } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";
import {
  COMMIT,
  CONTENT,
  SMALL,
  LARGE,
  HALF,
  setUp,
  expectWhole,
  isContent,
  begin,
  once,
  inOrder,
} from "./byte-repository.ts";

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
