import { readdir, readFile, writeFile } from "node:fs/promises";
import { MlanError, writeFileAtomically, writeFolderAtomically } from "@mlan/core";
import { temporaryFolder } from "@mlan/testing";
import { beforeEach, expect, it } from "vitest";

let folder: URL;
beforeEach(() => {
  folder = temporaryFolder();
});
const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });

it("replaces a file whole, and makes the folders above it", async () => {
  const file = new URL("a/b/file.txt", folder);
  await writeFileAtomically(file, "one");
  await writeFileAtomically(file, "two");
  expect(await readFile(file, "utf8")).toBe("two");
  expect(await readdir(new URL("a/b/", folder))).toEqual(["file.txt"]);
});

it("names a file that cannot be written", async () => {
  await writeFile(new URL("taken", folder), "");
  const writing = writeFileAtomically(new URL("taken/file", folder), "text");
  await expect(writing).rejects.toSatisfy((error) => MlanError.is(error, "unavailable"));
  await expect(writing).rejects.toThrow("taken is a file, where a folder is needed");
});

it("replaces a folder whole", async () => {
  const target = new URL("checkpoint/", folder);
  await writeFolderAtomically(target, (temporary) => writeFile(new URL("old", temporary), "1"));
  await writeFolderAtomically(target, (temporary) => writeFile(new URL("new", temporary), "2"));
  expect(await readdir(target)).toEqual(["new"]);
});

it("keeps the folder that was there when the disk is full half-way, and leaves nothing beside it", async () => {
  const target = new URL("checkpoint/", folder);
  await writeFolderAtomically(target, (temporary) => writeFile(new URL("old", temporary), "1"));
  const writing = writeFolderAtomically(target, async (temporary) => {
    await writeFile(new URL("new", temporary), "2");
    throw full;
  });
  await expect(writing).rejects.toThrow(/checkpoint\/ could not be written .*The disk is full: free some space/);
  expect(await readdir(target)).toEqual(["old"]);
  expect(await readdir(folder)).toEqual(["checkpoint"]);
});

it("leaves nothing beside a folder that it replaced", async () => {
  const target = new URL("checkpoint/", folder);
  for (const content of ["1", "2"]) {
    await writeFolderAtomically(target, (temporary) => writeFile(new URL("file", temporary), content));
  }
  expect(await readFile(new URL("file", target), "utf8")).toBe("2");
  expect(await readdir(folder)).toEqual(["checkpoint"]);
});
