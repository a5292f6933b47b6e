import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, fixture, openSession } from "./command-line.ts";

let project: string;
const session = openSession();
const typed = (...words: readonly string[]): Promise<Finished> => session(words, project);

const BENCHMARKS = `
  import { memoryBenchmark } from "@mlan/testing";
  const questions = ["a", "b"].map((id) => ({ id, images: [], text: id, target: "yes" }));
  const made = (name: string) => ({ folder }: { folder?: URL }) => memoryBenchmark(folder?.pathname.split("/").at(-2) ?? name, questions);
`;
const FILES = {
  "one.ts": `${BENCHMARKS} export const receipts = memoryBenchmark("receipts", questions); export const pages = 3;`,
  "two.ts": `${BENCHMARKS} export const receipts = memoryBenchmark("receipts", questions); export const bills = memoryBenchmark("bills", questions);`,
  "made.ts": `${BENCHMARKS} export const receipts = made("receipts");`,
  "both-made.ts": `${BENCHMARKS} export const receipts = made("receipts"); export const bills = made("bills");`,
  "default.ts": `${BENCHMARKS} export const receipts = memoryBenchmark("receipts", questions); export default memoryBenchmark("bills", questions);`,
  "other-default.ts": `${BENCHMARKS} export const receipts = memoryBenchmark("receipts", questions); export default () => "no benchmark";`,
  "none.ts": `export const pages = 3;`,
};
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "mlan-own-"));
  await mkdir(join(project, "node_modules"));
  const packages = fileURLToPath(new URL("../../../node_modules/@mlan", import.meta.url));
  await symlink(packages, join(project, "node_modules/@mlan"));
  await cp(fixture("acme"), join(project, "node_modules/@acme"), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(project, name), text);
});
afterAll(() => rm(project, { recursive: true, force: true }));

const evaluated = (folder: string, ...benchmarks: readonly string[]): Promise<Finished> => {
  const named = benchmarks.flatMap((benchmark) => ["--benchmark", benchmark]);
  return typed("eval", "--model", "@acme/model-letters", "--weights", "w", "--folder", folder, ...named);
};

describe("mlan eval takes a benchmark that a file exports", () => {
  test.each([
    ["one.ts", "receipts"],
    ["made.ts", "receipts"],
    ["made.ts=shop", "shop"],
    ["two.ts:bills", "bills"],
    ["both-made.ts:bills=shop", "shop"],
    ["default.ts", "bills"],
    ["default.ts:receipts", "receipts"],
    ["other-default.ts", "receipts"],
    ["default.ts:default", "bills"],
  ])("as %s", async (benchmark, name) => {
    const { status, stdout } = await evaluated(`runs/${benchmark.replaceAll(/\W/g, "-")}`, benchmark);
    expect(stdout).toMatch(new RegExp(`^${name} +accuracy .* 2$`, "m"));
    expect(status).toBe(0);
  });

  test.each([
    ["two.ts", "two.ts exports bills, receipts, but no default export. Choose one: --benchmark two.ts:bills"],
    [
      "both-made.ts",
      "both-made.ts exports bills, receipts, but no default export. Choose one: --benchmark both-made.ts:bills",
    ],
    ["one.ts:recipts", 'one.ts has no export "recipts". It exports pages, receipts.'],
    ["one.ts:pages", "one.ts exports no benchmark as pages."],
    ["none.ts", "none.ts exports no benchmark. End it with: export default myBenchmark;"],
    ["one.ts=shop", "one.ts exports a benchmark, not a function, so it takes no folder"],
  ])("and says what is wrong with %s", async (benchmark, message) => {
    const { status, stderr } = await evaluated("runs/none", benchmark);
    expect(stderr).toContain(`error: ${message}`);
    expect(status).toBe(1);
  });
});

describe("mlan score", () => {
  const hint = "no installed plugin has that name. For your own benchmark, add --benchmark <its file>";
  beforeAll(async () => {
    const { status, stderr } = await evaluated("runs/both", "two.ts:bills", "two.ts:receipts");
    if (status !== 0) throw new Error(stderr);
  });

  test("scores what it can, names the rest with the remedy, and ends with 1", async () => {
    const { status, stdout, stderr } = await typed("score", "runs/both", "--benchmark", "two.ts:receipts");
    expect(stdout).toMatch(/^eval +receipts \(strict\) .* 2$/m);
    expect(stderr).toBe(
      `error: the answers to bills were not scored: ${hint}, or --experiment <the file that evaluates it>.\n`,
    );
    expect(status).toBe(1);
  });

  test("prints no table of nothing", async () => {
    const { status, stdout, stderr } = await typed("score", "runs/both");
    expect(stdout).toBe("");
    expect(stderr.match(/^error: the answers to (?:bills|receipts) were not scored: /gm)).toHaveLength(2);
    expect(status).toBe(1);
  });

  test("ends with 0 when all is scored", async () => {
    const both = ["--benchmark", "two.ts:bills", "--benchmark", "two.ts:receipts"];
    const { status, stderr } = await typed("score", "runs/both", ...both);
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("reports a benchmark that the run never asked", async () => {
    const { status, stderr } = await typed("score", "runs/both", "--benchmark", "made.ts=shop");
    expect(stderr).toContain("error: the run has no answers to shop. Benchmarks with answers: bills, receipts.\n");
    expect(status).toBe(1);
  });
});
