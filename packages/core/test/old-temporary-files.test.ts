import { removeOldTemporaryFiles } from "@mlan/core";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ID = "5c1f1d3c-3a54-4a5e-9f43-0b9f6f1b2a10";
const DAY = 24 * 3600 * 1000;

test("what killed processes left is removed when it is a week old, and nothing else", async () => {
  const folder = await cache({ [`a.json.${ID}.tmp`]: 8, [`b.json.${ID}.tmp`]: 6, "c.tmp": 8, "d.json": 8 });
  await removeOldTemporaryFiles(folder);
  expect(await readdir(folder)).toEqual([`b.json.${ID}.tmp`, "c.tmp", "d.json"]);
});

test("folders below and other names count when they are asked for", async () => {
  const files = { [`x/a.json.${ID}.tmp`]: 8, "x/y/b.part": 8, "x/c.json": 8 };
  const folder = await cache(files);
  await removeOldTemporaryFiles(folder, { recursive: true, also: /\.part$/ });
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(["x", "x/c.json", "x/y"]);
  const flat = await cache(files);
  await removeOldTemporaryFiles(flat);
  expect(await readdir(flat, { recursive: true })).toHaveLength(5);
});

test("a folder is looked at once, and need not be there", async () => {
  const folder = await cache({});
  await removeOldTemporaryFiles(new URL("nowhere/", folder));
  await removeOldTemporaryFiles(folder);
  await makeOld(new URL(`a.json.${ID}.tmp`, folder), 8);
  await removeOldTemporaryFiles(folder);
  expect(await readdir(folder)).toHaveLength(1);
});

/** Creates a folder of files. The number of a file is its age in days. */
async function cache(files: Readonly<Record<string, number>>): Promise<URL> {
  const path = await mkdtemp(join(tmpdir(), "mlan-core-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  const folder = pathToFileURL(`${path}/`);
  for (const [name, days] of Object.entries(files)) {
    await mkdir(new URL("./", new URL(name, folder)), { recursive: true });
    await makeOld(new URL(name, folder), days);
  }
  return folder;
}

async function makeOld(file: URL, days: number): Promise<void> {
  await writeFile(file, "half");
  const time = new Date(Date.now() - days * DAY);
  await utimes(file, time, time);
}
