import { readdir, utimes, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@mlan/testing";
import { beforeEach, expect, test, vi } from "vitest";
import { lockRun } from "../src/run/run-lock.ts";

// What FAT and some network file systems say; none of them is at hand in a test.
vi.mock("node:fs/promises", async (original) => ({
  ...(await original<object>()),
  link: () => Promise.reject(Object.assign(new Error("ENOTSUP: operation not supported"), { code: "ENOTSUP" })),
}));

let folder: URL;
beforeEach(() => {
  folder = temporaryFolder();
});
test("where a file system has no hard links, a folder is locked by one all the same", async () => {
  for (let round = 0; round < 10; round++) {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
    const locks = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const refusals = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
    expect(locks).toHaveLength(1);
    for (const refusal of refusals) expect(refusal).toContain(`process ${process.pid} is running in`);
    await locks[0]?.[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([]);
  }
});

test("a lock that its process could not fill is taken over", async () => {
  await writeFile(new URL("run.lock", folder), "");
  await utimes(new URL("run.lock", folder), 1e9, 1e9);
  await (await lockRun(folder))[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual([]);
});
