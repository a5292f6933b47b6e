import { cp, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Content, contentOfFiles, MlanError } from "@mlan/core";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: URL;
beforeEach(async () => {
  folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "content-"))}/`);
  await writeFile(new URL("a.bin", folder), "aaaa");
  await writeFile(new URL("b.bin", folder), "bbbb");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

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

test("a missing file is named", async () => {
  await rm(new URL("a.bin", folder));
  await expect(contentIn(folder)).rejects.toThrow("a.bin cannot be read: ENOENT");
  await expect(contentIn(folder)).rejects.toSatisfy((error) => MlanError.is(error, "unavailable"));
});
