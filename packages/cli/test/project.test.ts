import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installedBinding } from "@mlan/backend-tensorflow";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, fixture, openSession, start } from "./command-line.ts";

/** A project as `npm init` creates it, with our packages and those of another author installed. */
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
const session = openSession();
const typed = (...words: readonly string[]): Promise<Finished> => session(words, project);

describe("in a project that npm init made CommonJS", () => {
  test("mlan run takes a TypeScript file with top-level await and relative imports", async () => {
    await writeFile(join(project, "questions.ts"), `export const letters: readonly string[] = ["a"];`);
    await writeFile(
      join(project, "experiment.ts"),
      `import { onnx } from "@mlan/backend-onnx";
       import { evaluate, experiment } from "@mlan/core";
       import { generation } from "@mlan/eval-generation";
       import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
       const { letters } = await import("./questions.ts");
       const questions = letters.map((id) => ({ id, images: [], text: id, target: "yes" }));
       export default experiment({
         name: "small",
         use: [fakeModelPlugin({ answer: () => "yes" }), onnx(), generation()],
         stages: [evaluate({ name: "base", benchmarks: [memoryBenchmark("letters", questions)], protocol: "paper" })],
       });`,
    );
    const { status, stdout, stderr } = await mlan("run", "experiment.ts");
    expect(stderr).toContain("accuracy 100.0 %, 1 question\n");
    expect(stdout).toMatch(/^Results in %, 95 % intervals in brackets \(protocol paper\)$/m);
    expect(status).toBe(0);
  });
});

describe("an experiment without a compute", () => {
  test("is refused at once, by the model that needs one, with the remedy", async () => {
    await writeFile(
      join(project, "nowhere-to-run.ts"),
      `import { evaluate, experiment } from "@mlan/core";
       import { generation } from "@mlan/eval-generation";
       import { vicuna } from "@mlan/model-vicuna";
       import { memoryBenchmark } from "@mlan/testing";
       export default experiment({
         name: "nowhere-to-run",
         use: [vicuna({ weights: "weights" }), generation()],
         stages: [evaluate({ name: "base", benchmarks: [memoryBenchmark("none", [])], protocol: "strict" })],
       });`,
    );
    const { status, stderr } = await typed("run", "nowhere-to-run.ts");
    expect(stderr).toMatch(
      /^error: Nothing provides @mlan\/core\/compute@1, which @mlan\/model-vicuna needs\. Add a plugin for it to `use`: .*onnx\(\) of @mlan\/backend-onnx/,
    );
    expect(status).toBe(1);
  });
});

describe("mlan eval", () => {
  const letters = ["eval", "--model", "@acme/model-letters", "--benchmark", "@acme/data-odd-letters=./given"];

  test("finds plugins by name and passes the folders to them", async () => {
    const { status, stdout } = await typed(...letters, "--weights", "weights", "--batch-size", "3");
    expect(stdout).toMatch(/^odd-letters +accuracy +100\.0\* +100\.0 \[56\.6, 100\.0\]° +5$/m);
    expect(status).toBe(0);
    expect(existsSync(join(project, "runs/eval/answers/eval/odd-letters.jsonl"))).toBe(true);
  });

  const onTensorFlow = [...letters, "--weights", "weights", "--backend", "tensorflow", "--folder", "runs/tensorflow"];

  test.runIf(installedBinding())("computes on the given backend", async () => {
    const { status, stdout } = await mlan(...onTensorFlow);
    expect(stdout).toMatch(/^odd-letters +accuracy +100\.0\* +100\.0 \[56\.6, 100\.0\]° +5$/m);
    expect(status).toBe(0);
    const manifest = await readFile(join(project, "runs/tensorflow/manifest.json"), "utf8");
    expect(JSON.parse(manifest)).toMatchObject({
      plan: { plugins: expect.arrayContaining([expect.objectContaining({ name: "@mlan/backend-tensorflow" })]) },
    });
  });

  test("says which command installs a backend that is missing, before anything is read", async () => {
    const nowhere = { MLAN_CACHE: join(project, "nowhere"), MLAN_TENSORFLOW_BINDING: "" };
    const { status, stderr } = await openSession(() => nowhere)([...onTensorFlow, "--fresh"], project);
    expect(stderr).toMatch(/^error: backend-tensorflow: .*`npm run mlan -- backend install tensorflow`/m);
    expect(stderr).not.toContain("odd-letters");
    expect(status).toBe(1);
  });

  test("takes a run folder for the checkpoint of its last training", async () => {
    await typed("run", fixture("experiment.ts"), "--folder", "runs/alphabet");
    const { stdout } = await typed(
      ...letters,
      "--weights",
      "runs/alphabet",
      "--folder",
      "runs/trained",
      "--protocol",
      "paper",
    );
    expect(stdout).toMatch(/^odd-letters +accuracy +100\.0\* +0\.0 \[0\.0, 43\.4\]° +5$/m); // the answer of the model says that it was trained
  });

  test("refuses a package that is not a benchmark, and one without a plugin", async () => {
    const noBenchmark = await typed(
      "eval",
      "--model",
      "@acme/model-letters",
      "--weights",
      "w",
      "--benchmark",
      "@acme/data-captions",
    );
    expect(noBenchmark.stderr).toBe("error: @acme/data-captions is not a benchmark: it has no questions to ask.\n");
    const noPlugin = await typed("eval", "--model", "@mlan/core", "--weights", "w", "--benchmark", "boolq");
    expect(noPlugin.stderr).toMatch(
      /^error: @mlan\/core exports no function core, which is the name that commands look for\./,
    );
    expect([noBenchmark.status, noPlugin.status]).toEqual([1, 1]);
  });

  describe("with a benchmark in a TypeScript file", () => {
    const own = ["eval", "--model", "@acme/model-letters", "--weights", "weights"];
    beforeAll(async () => {
      const lines = [
        `import { memoryBenchmark } from "@mlan/testing";`,
        `const ids: readonly string[] = ["a", "b", "c", "d", "e"];`,
        `const questions = ids.map((id) => ({ id, images: [], text: id, target: "yes" }));`,
      ];
      const finished = [...lines, `export default memoryBenchmark("receipts", questions);`];
      const made = [
        ...lines,
        `export default ({ folder }: { folder?: URL }) =>`,
        `  memoryBenchmark(folder?.href.split("/").at(-2) ?? "receipts", questions);`,
      ];
      await writeFile(join(project, "receipts.ts"), finished.join("\n"));
      await writeFile(join(project, "receipts-in.ts"), made.join("\n"));
      await writeFile(join(project, "nothing.ts"), "export default 3;");
    });

    test("asks the first questions and says of how many; mlan score reads the answers again", async () => {
      const words = [...own, "--benchmark", "./receipts.ts", "--limit", "3", "--folder", "runs/limited"];
      const { status, stdout } = await typed(...words);
      expect(stdout).toMatch(/^receipts +accuracy .* 3 of 5$/m);
      expect(status).toBe(0);
      const missing = await typed("score", "runs/limited");
      expect(missing.stderr).toContain("receipts");
      const scored = await typed("score", "runs/limited", "--benchmark", "./receipts.ts");
      expect(scored.stdout).toMatch(/^eval +receipts \(strict\) .* 3$/m);
    });

    test("passes a folder to a function, and refuses it for an exported benchmark", async () => {
      const made = await typed(...own, "--benchmark", "./receipts-in.ts=./shop", "--folder", "runs/made");
      expect(made.stdout).toMatch(/^shop +accuracy /m);
      const finished = await typed(...own, "--benchmark", "./receipts.ts=./shop");
      expect(finished.stderr).toContain("./receipts.ts exports a benchmark, not a function, so it takes no folder");
    });

    test.each([
      ["./nothing.ts", "./nothing.ts exports no benchmark"],
      ["./missing.ts", "./missing.ts does not exist or is not a file"],
    ])("refuses %s", async (file, message) => {
      const { status, stderr } = await typed(...own, "--benchmark", file);
      expect(stderr).toContain(message);
      expect(status).toBe(1);
    });

    test("refuses a limit that is not a whole number", async () => {
      const { status, stderr } = await typed(...own, "--benchmark", "./receipts.ts", "--limit", "2.5");
      expect(stderr).toContain("It must be a whole number, 1 or more.");
      expect(status).toBe(1);
    });
  });
});

describe("mlan list", () => {
  test("registers its module hooks once for all plugins, since they stack", async () => {
    const count = { NODE_OPTIONS: `--import ${fixture("count-hooks.mjs")}` };
    const { status, stderr } = await start(["list"], count, project).finished;
    expect([status, stderr]).toEqual([0, expect.stringContaining("hooks registered: 1\n")]);
  });

  test("names the installed plugins as in commands, including those of other authors among the dependencies", async () => {
    const { status, stdout } = await typed("list");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^model +vicuna +\d+\.\d+\.\d+ +The Vicuna backbone/m);
    expect(stdout).toMatch(/^benchmark +boolq /m);
    expect(stdout).toMatch(/^data +captions /m);
    expect(stdout).not.toContain("data-kit");
    expect(stdout).not.toContain("acme");
    const acme = {
      version: "2.0.0",
      exports: { ".": "./index.js" },
      type: "module",
      peerDependencies: { "@mlan/core": "1" },
    };
    const asked = join(project, "node_modules/@acme/data-asked");
    await cp(join(project, "node_modules/@acme/data-odd-letters"), asked, { recursive: true });
    await writeFile(join(asked, "package.json"), JSON.stringify({ name: "@acme/data-asked", ...acme }));
    await writeFile(join(asked, "index.js"), `export const asked = () => { throw new Error("give me a folder"); };`);
    const dependencies = { "@acme/data-asked": "^2.0.0" };
    await writeFile(join(project, "package.json"), JSON.stringify({ name: "project", type: "commonjs", dependencies }));
    const listed = JSON.parse((await typed("list", "--json")).stdout);
    expect(listed).toContainEqual({
      kind: "data",
      name: "@acme/data-asked",
      package: "@acme/data-asked",
      version: "2.0.0",
      description: "",
    });
  });
});
