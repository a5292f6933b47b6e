import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, openSession } from "./command-line.ts";

let project: string;
const session = openSession();
const typed = (...words: readonly string[]): Promise<Finished> => session(words, project);

const FILES = {
  "no-comma.ts": `// typed: in haste\nexport default {\n  name: "a" use: [],\n};\n`,
  "no-comma.mjs": `export default {\n  name: "a" use: [],\n};\n`,
  "imports-no-comma.ts": `import value from "./no-comma.ts";\nexport default value;\n`,
  "imports-no-comma.mjs": `import value from "./no-comma.mjs";\nexport default value;\n`,
  "exports-b.ts": `export const b = 1;\n`,
  "imports-a.ts": `// one line\n\nimport { a } from "./exports-b.ts";\nexport default a;\n`,
  "imports-nothing.ts": `import { a } from "./nothing-there.ts";\nexport default a;\n`,
  "bad-json.ts": `import rows from "./rows.json" with { type: "json" };\nexport default rows;\n`,
  "rows.json": `{ "a": \n`,
  "throws.ts": `function check(): never {\n  throw new Error("no rows", { cause: new TypeError("too deep") });\n}\ncheck();\n`,
  "reads.ts": `import { readFileSync } from "node:fs";\nexport default readFileSync("nowhere.json");\n`,
  "parses.ts": `export default JSON.parse("{ no");\n`,
  "throws-text.ts": `throw "a text";\n`,
  "modules.cjs": `import { experiment } from "@mlan/core";\nexport default experiment({});\n`,
  "waits.cjs": `module.exports = await import("node:fs");\n`,
  "as-name.ts":
    `import { evaluate, experiment } from "@mlan/core";\nimport { memoryBenchmark } from "@mlan/testing";\n` +
    `export const mine = experiment({ name: "a", use: [], stages: [evaluate({ name: "b", protocol: "strict", ` +
    `benchmarks: [memoryBenchmark("c", [])] })] });\n`,
};
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "mlan-mistakes-"));
  await mkdir(join(project, "node_modules"));
  const packages = fileURLToPath(new URL("../../../node_modules/@mlan", import.meta.url));
  await symlink(packages, join(project, "node_modules/@mlan"));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(project, name), text);
});
afterAll(() => rm(project, { recursive: true, force: true }));

const COMMON_JS = "is CommonJS because of its extension, but uses import, export or await.";

describe("of an experiment file one reads the place and the message, and nothing else:", () => {
  // prettier-ignore
  test.each([
    ["no-comma.ts",          'error: no-comma.ts:3:13: Expected "}" but found "use"\n'],
    ["no-comma.mjs",         "error: no-comma.mjs:2:13: Unexpected identifier 'use'\n"],
    ["imports-no-comma.ts",  'error: no-comma.ts:3:13: Expected "}" but found "use"\n'],
    ["imports-no-comma.mjs", "error: imports-no-comma.mjs, or a file that it imports, does not parse: Unexpected identifier 'use'\n"],
    ["imports-a.ts",         "error: imports-a.ts:3:10: The requested module './exports-b.ts' does not provide an export named 'a'\n"],
    ["modules.cjs",          `error: modules.cjs ${COMMON_JS} Rename it to modules.mjs, or use require and module.exports.\n`],
    ["waits.cjs",            `error: waits.cjs ${COMMON_JS} Rename it to waits.mjs, or use require and module.exports.\n`],
    ["bad-json.ts",          "error: rows.json:2:1: Unexpected end of file in JSON\n"],
    ["throws-text.ts",       "error: 'a text'\n"],
    ["as-name.ts",           "error: as-name.ts exports its experiment as mine, not as its default. End it with: export default mine;\n"],
  ])("%s", async (file, message) => {
    const { status, stdout, stderr } = await typed("run", file);
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: "", stderr: message });
  });

  test("a missing import, by both paths", async () => {
    const { stderr } = await typed("run", "imports-nothing.ts");
    expect(stderr).toMatch(/^error: Cannot find module '\S+nothing-there\.ts' imported from \S+imports-nothing\.ts\n$/);
  });

  test.each([
    [
      "throws.ts",
      [
        /^error: no rows$/,
        /^ +at check .*throws\.ts:2:9\)$/,
        /^ +at .*throws\.ts:4:1\)?$/,
        /^because of TypeError: too deep$/,
        /throws\.ts:2:\d+\)$/,
        /throws\.ts:4:1\)?$/,
      ],
    ],
    ["reads.ts", [/^error: ENOENT: no such file or directory, open 'nowhere\.json'$/, /^ +at .*reads\.ts:2:\d+\)?$/]],
    ["parses.ts", [/^error: SyntaxError: .*JSON.*$/, /^ +at .*parses\.ts:1:\d+\)?$/]],
  ])("what %s throws, with the lines of the user's own files", async (file, lines) => {
    const { status, stderr } = await typed("run", file);
    expect(stderr.trimEnd().split("\n")).toEqual(lines.map((line) => expect.stringMatching(line)));
    expect(status).toBe(1);
  });

  // prettier-ignore
  test.each([
    ["throws",       "throws does not exist or is not a file. Did you mean throws.ts?"],
    ["throws.js",    "throws.js does not exist or is not a file. Did you mean throws.ts?"],
    ["./thows.ts",   "./thows.ts does not exist or is not a file. Did you mean throws.ts?"],
    ["nowhere/a.ts", "nowhere/a.ts does not exist or is not a file."],
    ["unlike.ts",    "unlike.ts does not exist or is not a file."],
    ["rows.json",    "rows.json is not a TypeScript or JavaScript file. Write the experiment in one."],
  ])("which file was meant by %s", async (file, message) => {
    const { status, stderr } = await typed("run", file);
    expect([status, stderr]).toEqual([1, `error: ${message}\n`]);
  });

  test("all that is known, with --verbose", async () => {
    const { stderr } = await typed("run", "no-comma.ts", "--verbose");
    expect(stderr).toMatch(/TransformError[\s\S]*node:/);
  });
});

test("a misspelt option is named, not the one that it was to be", async () => {
  const { status, stderr } = await typed("eval", "--modle", "vicuna", "--weights", "w", "--benchmark", "boolq");
  expect(stderr).toMatch(/^error: unknown option '--modle'\n\(Did you mean --model\?\)/);
  expect(status).toBe(1);
});

test("a file is not a run folder", async () => {
  const { status, stderr } = await typed("show", "throws.ts");
  expect(stderr).toMatch(/throws\.ts\/ is not a run folder: it has no manifest\.json/);
  expect(status).toBe(1);
});

describe("nothing where a value belongs is refused:", () => {
  const evaluation = ["eval", "--model", "vicuna", "--weights", "w"];
  // prettier-ignore
  test.each([
    [["run", ""],                                          "argument 'experiment' is empty"],
    [["run", "throws.ts", "--folder", ""],                 "option '--folder <folder>' has an empty value"],
    [["run", "throws.ts", "--folder", "  "],               "option '--folder <folder>' has an empty value"],
    [["show", ""],                                         "argument 'folder' is empty"],
    [["score", "runs/a", "--benchmark", ""],               "option '--benchmark <name>' has an empty value"],
    [["score", "runs/a", "--show", ""],                    "argument '' is invalid. It must be a whole number, 0 or more."],
    [["compare", "a", ""],                                 "argument 'second' is empty"],
    [["contamination", "throws.ts", "--run", ""],          "option '--run <folder>' has an empty value"],
    [["memory", "--config", ""],                           "option '--config <file>' has an empty value"],
    [["serve", "llava", "--adapters", "math"],             "argument 'math' is invalid. It must be a name and a checkpoint, such as math=./math-lora."],
    [["memory", "--images", ""],                           "argument '' is invalid. It must be a whole number, 0 or more."],
    [["backend", "install", "tensorflow", "--wheel", ""],  "option '--wheel <file>' has an empty value"],
    [["eval", "--model", "", "--weights", "w", "--benchmark", "boolq"], "option '--model <name>' has an empty value"],
    [[...evaluation, "--benchmark", "boolq="],             '--benchmark "boolq=" has no folder after the "="'],
    [[...evaluation, "--benchmark", "=data"],              '--benchmark "=data" has no plugin or file before the "="'],
    [[...evaluation, "--benchmark", "boolq", "--limit", ""],         "argument '' is invalid. It must be a whole number, 1 or more."],
    [[...evaluation, "--benchmark", "boolq", "--limit", "0x10"],     "argument '0x10' is invalid. It must be a whole number, 1 or more."],
    [[...evaluation, "--benchmark", "boolq", "--feature-cache", ""], "option '--feature-cache <folder>' has an empty value"],
  ])("mlan %j", async (words, message) => {
    const { status, stdout, stderr } = await typed(...words);
    expect(stderr).toContain(message);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });
});
