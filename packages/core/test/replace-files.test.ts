import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { MlanError, replaceFiles, verifyChecksums, writeChecksums } from "@mlan/core";
import { temporaryFolder } from "@mlan/testing";
import { describe, expect, it } from "vitest";

async function scratchFolder(files: Readonly<Record<string, string>>): Promise<URL> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(new URL(name, folder), content);
  return folder;
}

async function contentsOf(folder: URL): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const texts = entries.map(async (entry) => [
    entry.name,
    entry.isDirectory() ? "folder" : await readFile(new URL(entry.name, folder), "utf8"),
  ]);
  return Object.fromEntries(await Promise.all(texts));
}

const isModelFile = (name: string): boolean => name.endsWith(".bin");

/** Returns a function that writes these files and their checksums. */
function writing(files: Readonly<Record<string, string>>): (temporary: URL) => Promise<void> {
  return async (temporary) => {
    for (const [name, content] of Object.entries(files)) await writeFile(new URL(name, temporary), content);
    await writeChecksums(temporary);
  };
}

describe("files that are replaced in a folder", () => {
  it("leave nothing stale, and everything that is not theirs", async () => {
    const folder = await scratchFolder({ "a.bin": "old", "b.bin": "old", "notes.txt": "mine" });
    await mkdir(new URL("more.bin", folder));
    await replaceFiles(folder, isModelFile, writing({ "a.bin": "new", "c.json": "new" }));
    expect(await contentsOf(folder)).toMatchObject({
      "a.bin": "new",
      "c.json": "new",
      "more.bin": "folder",
      "notes.txt": "mine",
    });
    expect((await readdir(folder)).toSorted()).toEqual(["a.bin", "c.json", "checksums.json", "more.bin", "notes.txt"]);
    expect(await verifyChecksums(folder)).toBe(true);
  });

  it("may be in a folder of their own, which is replaced as a whole", async () => {
    const folder = await scratchFolder({ "a.bin": "old" });
    for (const name of ["stale", "again", "mine"]) {
      await mkdir(new URL(name, folder));
      await writeFile(new URL(`${name}/old.txt`, folder), "old");
    }
    const isReplaced = (name: string): boolean => ["stale/", "again/", "mine"].includes(name);
    await replaceFiles(folder, isReplaced, async (temporary) => {
      await mkdir(new URL("again", temporary));
      await writeFile(new URL("again/new.txt", temporary), "new");
      await writeChecksums(temporary);
    });
    const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll("\\", "/"));
    expect(paths.toSorted()).toEqual(["a.bin", "again", "again/new.txt", "checksums.json", "mine", "mine/old.txt"]);
    expect(await verifyChecksums(folder)).toBe(true);
  });

  it("are written into a folder that does not exist yet", async () => {
    const folder = new URL("deep/new/", await scratchFolder({}));
    await replaceFiles(folder, isModelFile, writing({ "a.bin": "new" }));
    expect((await readdir(folder)).toSorted()).toEqual(["a.bin", "checksums.json"]);
  });

  it("stay as they were when writing fails", async () => {
    const before = { "a.bin": "old", "checksums.json": "old" };
    const folder = await scratchFolder(before);
    const failing = async (temporary: URL): Promise<void> => {
      await writeFile(new URL("a.bin", temporary), "half");
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    const error: unknown = await replaceFiles(folder, isModelFile, failing).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "unavailable")).toBe(true);
    expect(await contentsOf(folder)).toEqual(before);
  });

  it("do not verify when the renaming was cut off", async () => {
    const folder = await scratchFolder({ "a.bin": "old", "z.bin": "old" });
    await writeChecksums(folder);
    // A folder in the way of the last file makes its rename fail.
    await mkdir(new URL("y.bin/inside", folder), { recursive: true });
    const replacing = replaceFiles(folder, isModelFile, writing({ "a.bin": "new", "y.bin": "new" }));
    await expect(replacing).rejects.toSatisfy((error) => MlanError.is(error, "unavailable"));
    await expect(verifyChecksums(folder)).rejects.toSatisfy((error) => MlanError.is(error, "invalid-checkpoint"));
  });

  it("need a folder: a file in its place is named", async () => {
    const folder = new URL("a.bin/", await scratchFolder({ "a.bin": "old" }));
    await expect(replaceFiles(folder, isModelFile, writing({}))).rejects.toThrow(/a\.bin is a file, where a folder/);
  });

  it("leave what a living process writes and remove what a dead one left", async () => {
    const folder = await scratchFolder({});
    const living = `.saving.${process.pid}.${crypto.randomUUID()}.tmp`;
    // Above every system's highest process id.
    const dead = `.saving.2147483646.${crypto.randomUUID()}.tmp`;
    for (const name of [living, dead]) await mkdir(new URL(name, folder));
    await replaceFiles(folder, isModelFile, writing({ "a.bin": "new" }));
    expect((await readdir(folder)).toSorted()).toEqual([living, "a.bin", "checksums.json"]);
  });
});

/** A program that begins to replace a.bin and then waits forever. */
const HANGING = `
  import { writeFile } from "node:fs/promises";
  import { replaceFiles } from "@mlan/core";
  await replaceFiles(new URL(process.env.FOLDER), (name) => name.endsWith(".bin"), async (temporary) => {
    await writeFile(new URL("a.bin", temporary), "half");
    console.log("writing");
    await new Promise(() => setInterval(() => {}, 1000));
  });
`;

it("files stay as they were when the process is killed, and the next replacement removes what it left", async () => {
  const folder = await scratchFolder({ "a.bin": "old", "notes.txt": "mine" });
  const flags = ["--import", import.meta.resolve("tsx"), "--conditions=@mlan/source", "--input-type=module"];
  const child = spawn(process.execPath, [...flags, "-e", HANGING], {
    env: { ...process.env, FOLDER: folder.href },
    cwd: new URL(".", import.meta.url),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await ended;
  expect(await contentsOf(folder)).toMatchObject({ "a.bin": "old", "notes.txt": "mine" });
  expect(await readdir(folder)).toHaveLength(3);
  await replaceFiles(folder, isModelFile, writing({ "a.bin": "new" }));
  expect((await readdir(folder)).toSorted()).toEqual(["a.bin", "checksums.json", "notes.txt"]);
});
