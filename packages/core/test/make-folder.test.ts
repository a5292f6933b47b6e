import { execFile } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { makeFolder, MlanError } from "@mlan/core";
import { temporaryFolder } from "@mlan/testing";
import { beforeEach, expect, test } from "vitest";

let root: URL;
beforeEach(() => {
  root = temporaryFolder();
});
test("a folder is made with those above it, once", async () => {
  expect(await makeFolder(new URL("a%20b/c/d", root))).toBe(true);
  expect(await makeFolder(new URL("a%20b/c/d/", root))).toBe(false);
  const all = await Promise.all(Array.from({ length: 8 }, () => makeFolder(new URL("e/f/g/", root))));
  expect(all.filter(Boolean)).toHaveLength(1);
});

test("a file or a link to nothing in the way is named", async () => {
  await writeFile(new URL("file", root), "");
  await symlink("nowhere", new URL("link", root));
  const file = /mlan-test-\w+\/file is a file, where a folder is needed\. Move it away\.$/;
  await expect(makeFolder(new URL("file/", root))).rejects.toThrow(file);
  await expect(makeFolder(new URL("file", root))).rejects.toThrow(file);
  await expect(makeFolder(new URL("file/below/", root))).rejects.toThrow(file);
  await expect(makeFolder(new URL("file/below/further/", root))).rejects.toThrow(file);
  await expect(makeFolder(new URL("link/", root))).rejects.toThrow(
    /link is a link that does not point to a folder, where/,
  );
});

test.runIf(process.platform === "linux")("below /proc, where Node's own never ends, nothing hangs", async () => {
  await expect(makeFolder(new URL("file:///proc/mlan/run/"))).rejects.toSatisfy((error) =>
    MlanError.is(error, "unavailable"),
  );
  await expect(makeFolder(new URL("file:///proc/mlan/run/"))).rejects.toThrow(
    "/proc/mlan/ cannot be created: /proc/ allows no new folders. Check the path.",
  );
});

// In a process of its own: what hangs could not be stopped in this one.
test.runIf(process.platform === "linux")("everything that writes below a folder says so", async () => {
  const program = `
    const core = await import(${JSON.stringify(import.meta.resolve("@mlan/core"))});
    const { lockRun } = await import(${JSON.stringify(new URL("../src/run/run-lock.ts", import.meta.url).href)});
    const place = new URL("file:///proc/mlan/run/");
    const file = new URL("file", place);
    const writers = [
      () => lockRun(place),
      () => core.writeFileAtomically(file, ""),
      () => core.writeFolderAtomically(place, async () => {}),
      () => core.runFolder(place).metrics.add({}),
    ];
    for (const write of writers) await write().catch(({ code, message }) => console.log(code, message));`;
  const node = [
    "--conditions=@mlan/source",
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "--eval",
    program,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: 20_000 });
  expect(stdout.trim().split("\n")).toEqual(
    Array.from({ length: 4 }, () => expect.stringMatching(/^unavailable .*\/proc\/mlan\/ cannot be created/)),
  );
});
