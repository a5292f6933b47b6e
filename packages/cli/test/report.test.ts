import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixture, openSession, start } from "./command-line.ts";

const typed = openSession();
let folder: string;
const run = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlan-report-"));
  const { status, stderr } = await typed(["run", fixture("evaluations.ts"), "--folder", run("first")]);
  if (status !== 0) throw new Error(stderr);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const dataOf = (page: string): { models: { label: string }[]; tables: { title: string; questions: number }[] } =>
  JSON.parse(/id="page-data">(.*?)<\/script>/s.exec(page)?.[1] ?? "");

test("report writes a page into the run folder and prints its address", async () => {
  const { status, stdout, stderr } = await typed(["report", run("first")]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.trim()).toBe(pathToFileURL(join(run("first"), "report.html")).href);
  const page = await readFile(fileURLToPath(stdout.trim()), "utf8");
  const { models, tables } = dataOf(page);
  expect(models.map(({ label }) => label)).toEqual(expect.arrayContaining(["early", "late"]));
  expect(tables).toContainEqual(expect.objectContaining({ title: "animals", questions: 20 }));
  const [, packed = ""] = /<script type="text\/plain" id="questions-0">(.*?)<\/script>/s.exec(page) ?? [];
  expect(JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString()).ids).toHaveLength(20);
});

test("report puts several runs on one page, in the file that --out names", async () => {
  await cp(run("first"), run("second"), { recursive: true });
  const file = join(folder, "both.html");
  const { stdout } = await typed(["report", run("first"), run("second"), "--out", file]);
  expect(stdout.trim()).toBe(pathToFileURL(file).href);
  const { models } = dataOf(await readFile(file, "utf8"));
  const one = dataOf(await readFile(join(run("first"), "report.html"), "utf8"));
  expect(models).toHaveLength(one.models.length * 2);
});

test("report of a run with damaged answers opens and says so", async () => {
  await cp(run("first"), run("damaged"), { recursive: true });
  const answers = join(run("damaged"), "answers/late/animals.jsonl");
  await writeFile(answers, (await readFile(answers, "utf8")).slice(5));
  const { status, stdout } = await typed(["report", run("damaged")]);
  expect(status).toBe(0);
  const page = await readFile(fileURLToPath(stdout.trim()), "utf8");
  const [, warnings = "none"] = /id="warnings">(.*?)<\/section>/s.exec(page) ?? [];
  expect(warnings).toMatch(/animals\.jsonl/);
});

test("report refuses what is not a run folder, in one sentence", async () => {
  const { status, stderr } = await typed(["report", folder]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: .* is not a run folder/);
});

test("report --watch serves the page on this machine until it is ended", async () => {
  const { process: child, finished } = start(["report", run("first"), "--watch"]);
  const [line] = await once(child.stdout!, "data");
  const [, url = ""] = /^(http:\/\/127\.0\.0\.1:\d+\/)\n$/.exec(String(line)) ?? [];
  const page = await (await fetch(url)).text();
  expect(page.slice(0, 200)).toMatch(/<html lang="en"\s+data-state="[0-9a-f]{16}">/);
  child.kill("SIGTERM");
  expect(await finished).toMatchObject({ status: 0 });
});
