import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { type Manifest, runFolder } from "@mlan/core";
import { type AnswersHeader, storedEvaluations } from "@mlan/eval-kit";
import { temporaryFolder } from "@mlan/testing";
import { expect, test } from "vitest";

const manifest: Manifest = {
  formatVersion: 1,
  plan: {
    name: "two-stages",
    seed: 1,
    plugins: [],
    stages: [
      { name: "tune", kind: "train", settings: { data: "letters" } },
      { name: "tuned", kind: "evaluate", settings: { benchmarks: ["boolq", "gqa"], protocol: "strict" } },
      { name: "later", kind: "evaluate", settings: { benchmarks: ["boolq"], protocol: "strict" } },
    ],
  },
  versions: {},
  created: "2026-11-24T00:00:00.000Z",
  stages: {},
};

const header = (benchmark: string): AnswersHeader => ({
  format: "mlan-answers",
  version: 1,
  benchmark,
  evaluator: "generation",
  protocol: "strict",
  protocolVersion: 1,
  extractor: { name: "strict", version: 1 },
  wording: "tuned",
  questions: 2,
  fingerprints: { questions: "q", prompts: "p", protocol: "r" },
  model: "m",
});

const record = (id: string) => ({ id, answer: "yes", extracted: "yes", target: "yes", correct: true });

async function run(answers: Readonly<Record<string, readonly string[]>>): Promise<URL> {
  const folder = temporaryFolder();
  const files = runFolder(folder);
  await files.writeManifest(manifest);
  for (const [place, ids] of Object.entries(answers)) {
    const [stage = "", benchmark = ""] = place.split("/");
    const file = files.answers(stage, benchmark);
    await mkdir(new URL("./", file), { recursive: true });
    const lines = [header(benchmark), ...ids.map(record)].map((line) => `${JSON.stringify(line)}\n`);
    await writeFile(file, lines.join(""));
  }
  return folder;
}

test("gives the answers of every stage and benchmark that has any, without a half-written one", async () => {
  const folder = await run({ "tuned/boolq": ["1", "2"], "tuned/gqa": ["7"], "later/boolq": [] });
  await appendFile(runFolder(folder).answers("tuned", "gqa"), '{"id":"8","ans');
  const { evaluations } = await storedEvaluations(folder);
  expect(
    evaluations.map(({ stage, header: { benchmark }, records }) => [stage, benchmark, records.map(({ id }) => id)]),
  ).toEqual([
    ["tuned", "boolq", ["1", "2"]],
    ["tuned", "gqa", ["7"]],
  ]);
});

test("gives the others beside a damaged file, and its error", async () => {
  const folder = await run({ "tuned/boolq": ["1"], "tuned/gqa": ["7"], "later/boolq": ["1"] });
  await appendFile(runFolder(folder).answers("tuned", "boolq"), '{"id":"8"}\n');
  await writeFile(runFolder(folder).answers("later", "boolq"), "{}\n");
  const { stages, evaluations, damaged } = await storedEvaluations(folder);
  expect(stages).toEqual(["tuned", "later"]);
  expect(evaluations.map(({ stage, header: { benchmark } }) => [stage, benchmark])).toEqual([["tuned", "gqa"]]);
  expect(damaged.map(({ stage, benchmark, error }) => [stage, benchmark, error.code, error.message])).toEqual([
    ["tuned", "boolq", "run-folder", expect.stringContaining("line 3 of ")],
    ["later", "boolq", "run-folder", expect.stringContaining("line 1 of ")],
  ]);
});

test("refuses a run without answers, and a folder that is no run", async () => {
  await expect(storedEvaluations(await run({}))).rejects.toMatchObject({
    code: "run-folder",
    message: expect.stringContaining("has no answers yet. Let it reach an evaluation stage."),
  });
  await expect(storedEvaluations(new URL("nowhere/", await run({})))).rejects.toMatchObject({ code: "run-folder" });
});
