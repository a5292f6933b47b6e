import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { temporaryFolder } from "@mlan/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { lockRun, type RunLock } from "../src/run/run-lock.ts";

let folder: URL;
beforeEach(() => {
  folder = temporaryFolder();
});
const run = promisify(execFile);
const program = (code: string): readonly [string, readonly string[]] => [
  process.execPath,
  ["--import", import.meta.resolve("tsx"), "--conditions=@mlan/source", "--input-type=module", "--eval", code],
];
const IMPORT = `const { lockRun } = await import(${JSON.stringify(new URL("../src/run/run-lock.ts", import.meta.url).href)});`;

/** Returns the id of a process that has ended. */
async function deadProcess(): Promise<number> {
  const child = run(process.execPath, ["-e", ""]);
  await child;
  return child.child.pid ?? 0;
}

/** Writes this file of the lock as a process leaves it that dies while it holds the lock. */
async function leave(name: string, pid: number, id: string): Promise<void> {
  await writeFile(new URL(name, folder), `${JSON.stringify({ host: hostname(), pid, id })}\n`);
}

describe("a lock that many want at once has one holder", () => {
  // prettier-ignore
  test.each<[string, (pid: number) => Promise<void>]>([
    ["where there was none", async () => {}],
    ["after a process that died with it", (pid) => leave("run.lock", pid, "first")],
    ["after another that died while it took that over", async (pid) => {
      await leave("run.lock", pid, "first");
      await leave("run.lock.claim.first.tmp", pid, "second");
    }],
    ["after one more that died while it took over the taking over", async (pid) => {
      await leave("run.lock", pid, "first");
      await leave("run.lock.claim.first.tmp", pid, "second");
      await leave("run.lock.claim.second.tmp", pid, "third");
    }],
  ])("%s", async (_, prepare) => {
    const pid = await deadProcess();
    for (let round = 0; round < 10; round++) {
      await prepare(pid);
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
      const locks = outcomes.flatMap((outcome): RunLock[] => (outcome.status === "fulfilled" ? [outcome.value] : []));
      // Who meets the one that is taking over is refused as well, so that now and then nobody is left.
      expect(locks.length).toBeLessThanOrEqual(1);
      const lock = locks[0] ?? (await lockRun(folder));
      const holder = JSON.parse(await readFile(new URL("run.lock", folder), "utf8"));
      expect(holder).toMatchObject({ pid: process.pid });
      await lock[Symbol.asyncDispose]();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test("of many processes, each in its turn", async () => {
    await leave("run.lock", await deadProcess(), "first");
    await leave("run.lock.claim.first.tmp", await deadProcess(), "second");
    const rounds = 20;
    const [node, options] = program(`${IMPORT}
      import { open, rm } from "node:fs/promises";
      const [folder, inside] = [new URL(${JSON.stringify(folder.href)}), new URL(${JSON.stringify(new URL("inside", folder).href)})];
      for (let round = 0; round < ${rounds}; ) {
        const lock = await lockRun(folder).catch((error) => {
          if (!String(error).includes("is running in")) throw error;
        });
        if (!lock) continue;
        const handle = await open(inside, "wx"); // throws where another is inside
        await handle.close();
        await rm(inside);
        await lock[Symbol.asyncDispose]();
        round++;
      }
      console.log("done");`);
    const ended = await Promise.all(Array.from({ length: 3 }, () => run(node, options)));
    expect(ended.map(({ stdout }) => stdout)).toEqual(["done\n", "done\n", "done\n"]);
    expect(await readdir(folder)).toEqual([]);
  });
});

// A process that may write no byte into a file meets what a full disk does.
test.skipIf(process.platform === "win32")("a lock that cannot be written keeps no later run out", async () => {
  const [node, options] = program(`${IMPORT}
    await lockRun(new URL(${JSON.stringify(folder.href)})).catch(({ code, message }) => console.log(code, message));`);
  const { stdout } = await run("sh", ["-c", 'ulimit -f 0; exec "$@"', "sh", node, ...options]);
  expect(stdout).toMatch(/^unavailable .*run\.lock cannot be written: /);
  expect(await readdir(folder)).toEqual([]);
  await (await lockRun(folder))[Symbol.asyncDispose]();
});
