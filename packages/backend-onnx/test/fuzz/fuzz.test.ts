import { spawn } from "node:child_process";
import { beforeAll, expect, it } from "vitest";
import { bundleProgram } from "../../../../tools/setup/bundle-program.ts";

const CASES = 1040;

let child: string;
beforeAll(async () => {
  child = await bundleProgram(new URL("fuzz-child.ts", import.meta.url), new URL("../..", import.meta.url));
});

/** Runs in a separate process: if the process crashes, the test fails with the name of the case. */
it.each([1, 2])("hostile calls return cpu's values or throw a typed error, seed %i", async (seed) => {
  const lines: string[] = [];
  const end = await new Promise<unknown>((resolve, reject) => {
    const started = spawn(process.execPath, [child, String(CASES), String(seed)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    started.stdout.on("data", (text) => (output += String(text)));
    started.once("error", reject).once("close", (code, signal) => {
      lines.push(...output.trim().split("\n"));
      resolve({ code, signal });
    });
  });
  const last = lines.at(-1) ?? "";
  expect(end, `the last case was: ${last}`).toEqual({ code: 0, signal: null });
  const report = JSON.parse(last) as { faults: string[]; values: number; refused: number; bytes: number };
  expect(report.faults).toEqual([]);
  expect(report.values).toBeGreaterThan(CASES / 4);
  expect(report.refused).toBeGreaterThan(CASES / 10);
  expect(report.values + report.refused).toBe(CASES);
  expect(report.bytes).toBeLessThan(2e9);
});
