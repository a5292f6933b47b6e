import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { lockRun } from "../src/run-lock.ts";

// A process that may write no byte into a file meets what a full disk does.
test.skipIf(process.platform === "win32")("a lock that cannot be written keeps no later run out", async () => {
  const root = await mkdtemp(join(tmpdir(), "mlan-run-lock-"));
  const folder = pathToFileURL(`${root}/`);
  const program = `
    const { lockRun } = await import(${JSON.stringify(new URL("../src/run-lock.ts", import.meta.url).href)});
    await lockRun(new URL(${JSON.stringify(folder.href)})).catch(({ code, message }) => console.log(code, message));`;
  const node = [process.execPath, "--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)("sh", ["-c", 'ulimit -f 0; exec "$@"', "sh", ...node]);
  expect(stdout).toMatch(/^unavailable .*run\.lock cannot be written: /);
  expect(await readdir(folder)).toEqual([]);
  await (await lockRun(folder))[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});
