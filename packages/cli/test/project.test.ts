import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, fixture, start } from "./command-line.ts";

/** A project of its own, as `npm init` makes it, with our packages and two of another maker's installed. */
let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "mlan-project-"));
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "project", type: "commonjs" }));
  await mkdir(join(project, "node_modules"));
  await symlink(
    fileURLToPath(new URL("../../../node_modules/@mlan", import.meta.url)),
    join(project, "node_modules/@mlan"),
  );
  await cp(fixture("acme"), join(project, "node_modules/@acme"), { recursive: true });
});
afterAll(() => rm(project, { recursive: true, force: true }));

const mlan = (...words: readonly string[]): Promise<Finished> => start(words, {}, project).finished;

describe("in a project that npm init made CommonJS", () => {
  test("mlan run takes a TypeScript file with top-level await and imports of its own", async () => {
    await writeFile(join(project, "questions.ts"), `export const letters: readonly string[] = ["a"];`);
    await writeFile(
      join(project, "experiment.ts"),
      `import { evaluate, experiment } from "@mlan/core";
       import { generation } from "@mlan/eval-generation";
       import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
       const { letters } = await import("./questions.ts");
       const questions = letters.map((id) => ({ id, images: [], text: id, target: "yes" }));
       export default experiment({
         name: "small",
         use: [fakeModelPlugin({ answer: () => "yes" }), generation()],
         stages: [evaluate({ name: "base", benchmarks: [memoryBenchmark("letters", questions)], protocol: "paper" })],
       });`,
    );
    const { status, stdout, stderr } = await mlan("run", "experiment.ts");
    expect(stderr).toContain("accuracy 100.0 %, 1 question\n");
    expect(stdout).toMatch(/^Results in %, 95 % intervals in brackets \(protocol paper\)$/m);
    expect(status).toBe(0);
  });
});

describe("mlan eval", () => {
  const letters = ["eval", "--model", "@acme/model-letters", "--benchmark", "@acme/data-odd-letters=./given"];

  test("finds plugins by name and hands them the folders", async () => {
    const { status, stdout } = await mlan(...letters, "--weights", "weights", "--batch-size", "3");
    expect(stdout).toMatch(/^odd-letters +accuracy +100\.0 \[56\.6, 100\.0\] +5$/m);
    expect(status).toBe(0);
    expect(existsSync(join(project, "runs/eval/answers/eval/odd-letters.jsonl"))).toBe(true);
  });

  test("takes a run folder for the checkpoint of its last training", async () => {
    await start(["run", fixture("experiment.ts"), "--folder", "runs/alphabet"], {}, project).finished;
    const { stdout } = await mlan(
      ...letters,
      "--weights",
      "runs/alphabet",
      "--folder",
      "runs/trained",
      "--protocol",
      "paper",
    );
    expect(stdout).toMatch(/^odd-letters +accuracy +0\.0 \[0\.0, 43\.4\] +5$/m); // the model answers that it was trained
  });

  test("refuses what is no benchmark, and a package without a plugin", async () => {
    const noBenchmark = await mlan(
      "eval",
      "--model",
      "@acme/model-letters",
      "--weights",
      "w",
      "--benchmark",
      "@acme/data-captions",
    );
    expect(noBenchmark.stderr).toBe("error: @acme/data-captions is no benchmark; it asks no questions.\n");
    const noPlugin = await mlan("eval", "--model", "@mlan/core", "--weights", "w", "--benchmark", "boolq");
    expect(noPlugin.stderr).toMatch(/^error: @mlan\/core exports no function core; by that name a plugin is found\./);
    expect([noBenchmark.status, noPlugin.status]).toEqual([1, 1]);
  });
});
