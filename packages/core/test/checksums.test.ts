import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { MlanError, verifyChecksums, writeChecksums } from "@mlan/core";
import { temporaryFolder } from "@mlan/testing";
import { beforeEach, describe, expect, it } from "vitest";

let folder: URL;
const inside = (path: string): URL => new URL(path, folder);
beforeEach(async () => {
  folder = temporaryFolder();
  await mkdir(inside("deep/er/"), { recursive: true });
  await writeFile(inside("one"), "1");
  await writeFile(inside("deep/er/100%25 two"), "2");
});
const SHA256_OF_1 = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";

describe("checksums", () => {
  it("name every file below a folder with its SHA-256", async () => {
    await writeChecksums(folder);
    const { sha256 } = JSON.parse(await readFile(inside("checksums.json"), "utf8"));
    expect(Object.keys(sha256)).toEqual(["deep/er/100% two", "one"]);
    expect(sha256.one).toBe(SHA256_OF_1);
    expect(await verifyChecksums(folder)).toBe(true);
  });

  it("are absent where nobody wrote them", async () => {
    expect(await verifyChecksums(folder)).toBe(false);
  });

  it("take a folder with checksums for these alone", async () => {
    await writeChecksums(inside("deep/"));
    await writeChecksums(folder);
    await writeFile(inside("deep/er/100%25 two"), "changed");
    expect(await verifyChecksums(folder)).toBe(true);
    await expect(verifyChecksums(inside("deep/"))).rejects.toThrow(/two differs from what was saved/);
    await writeChecksums(inside("deep/"));
    await expect(verifyChecksums(folder)).rejects.toThrow(/deep\/checksums\.json differs/);
  });

  it("need not be computed where they are known", async () => {
    await writeChecksums(folder, { known: new Map([["one", SHA256_OF_1.replace(/^6/, "7")]]) });
    await expect(verifyChecksums(folder)).rejects.toThrow(/one differs/);
  });

  it("cover the files that are asked for", async () => {
    await writeChecksums(folder, { files: ["one"] });
    await writeFile(inside("deep/er/100%25 two"), "changed");
    expect(await verifyChecksums(folder)).toBe(true);
    await writeFile(inside("one"), "changed");
    await expect(verifyChecksums(folder)).rejects.toThrow(/one differs/);
  });

  it("are no longer compared once the signal aborts", async () => {
    await writeChecksums(folder);
    const reason = new Error("stopped");
    await expect(verifyChecksums(folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("ignore files that were added", async () => {
    await writeChecksums(folder);
    await writeFile(inside("README.md"), "mine");
    expect(await verifyChecksums(folder)).toBe(true);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ["a changed file", () => writeFile(inside("one"), "2"), /one differs from what was saved.*Restore it/],
    ["an emptied file", () => writeFile(inside("one"), ""), /one differs/],
    ["a missing file", () => rm(inside("one")), /one is missing/],
    ["a folder for a file", () => rm(inside("one")).then(() => mkdir(inside("one"))), /one is missing/],
    ["a link into the void", () => rm(inside("one")).then(() => symlink("nowhere", inside("one"))), /one is missing/],
    ["no JSON", () => writeFile(inside("checksums.json"), "{"), /checksums\.json is not the list/],
    ["an empty list", () => writeFile(inside("checksums.json"), ""), /checksums\.json is not the list/],
    [
      "another version",
      () => writeFile(inside("checksums.json"), '{"formatVersion":2,"sha256":{}}'),
      /is not the list/,
    ],
    [
      "a path out of the folder",
      () => writeFile(inside("checksums.json"), JSON.stringify({ formatVersion: 1, sha256: { "../x": SHA256_OF_1 } })),
      /is not the list/,
    ],
  ])("find %s", async (_name, damage, message) => {
    await writeChecksums(folder);
    await damage();
    const error: unknown = await verifyChecksums(folder).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
    expect(String(error)).toMatch(message);
  });
});
