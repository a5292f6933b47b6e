import { createHash } from "node:crypto";
import { cp, rm, utimes, writeFile } from "node:fs/promises";
import { type Content, contentOfFiles, MlanError } from "@mlan/core";
import { temporaryFolder } from "@mlan/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder: URL;
beforeEach(async () => {
  folder = temporaryFolder();
  await writeFile(new URL("a.bin", folder), "aaaa");
  await writeFile(new URL("b.bin", folder), "bbbb");
});
afterEach(() => vi.useRealTimers());
const contentIn = (place: URL): Promise<Content> =>
  contentOfFiles(new Map(["a.bin", "b.bin"].map((name) => [name, new URL(name, place)])));

test("a byte of a file of the same size and time changes the digest", async () => {
  const before = await (await contentIn(folder)).digest();
  await writeFile(new URL("b.bin", folder), "bbbc");
  await utimes(new URL("b.bin", folder), 1e9, 1e9);
  expect(await (await contentIn(folder)).digest()).not.toBe(before);
});

test("a copy elsewhere has the same digest, files that changed places have not", async () => {
  const before = await (await contentIn(folder)).digest();
  const copy = new URL("copy/", folder);
  await cp(new URL("a.bin", folder), new URL("a.bin", copy));
  await cp(new URL("b.bin", folder), new URL("b.bin", copy));
  expect(await (await contentIn(copy)).digest()).toBe(before);
  await cp(new URL("a.bin", folder), new URL("b.bin", copy));
  await cp(new URL("b.bin", folder), new URL("a.bin", copy));
  expect(await (await contentIn(copy)).digest()).not.toBe(before);
});

test("a stamp is not trusted while the file could change again within a tick", async () => {
  expect((await contentIn(folder)).stamp).toBe("");
});

test("an old file is trusted by its stamp, until it is written again", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3000 });
  const { stamp } = await contentIn(folder);
  expect(stamp).toMatch(/^[\da-f]{64}$/);
  expect((await contentIn(folder)).stamp).toBe(stamp);
  await writeFile(new URL("b.bin", folder), "bbbb");
  await utimes(new URL("b.bin", folder), 1e9, 1e9);
  vi.setSystemTime(Date.now() + 3000);
  expect((await contentIn(folder)).stamp).not.toBe(stamp);
});

test("each file's digest comes with that of all, read once", async () => {
  const content = await contentIn(folder);
  const digest = await content.digest();
  await writeFile(new URL("b.bin", folder), "changed");
  const files = await content.files?.();
  expect(Object.keys(files ?? {})).toEqual(["a.bin", "b.bin"]);
  expect(files?.["b.bin"]).toBe(createHash("sha256").update("bbbb").digest("hex"));
  expect(await content.digest()).toBe(digest);
});

test("after a read that failed, the next one reads again", async () => {
  const content = await contentIn(folder);
  await rm(new URL("b.bin", folder));
  await expect(content.digest()).rejects.toThrow("b.bin cannot be read: ENOENT");
  await writeFile(new URL("b.bin", folder), "bbbb");
  expect(await content.digest()).toBe(await (await contentIn(folder)).digest());
});

test("a missing file is named", async () => {
  await rm(new URL("a.bin", folder));
  await expect(contentIn(folder)).rejects.toThrow("a.bin cannot be read: ENOENT");
  await expect(contentIn(folder)).rejects.toSatisfy((error) => MlanError.is(error, "unavailable"));
});
