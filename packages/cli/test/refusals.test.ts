import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, openSession } from "./command-line.ts";

const typed = openSession();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlan-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("help", () => {
  test.each([
    [[], /Usage: mlan .*\n[\s\S]*Commands:[\s\S]*Examples:\n {2}\$ mlan run experiment\.ts/],
    [["run"], /Usage: mlan run .*<experiment>[\s\S]*--fresh[\s\S]*Ctrl-C stops after the current step/],
    [["eval"], /Usage: mlan eval[\s\S]*--protocol <name>[\s\S]*--benchmark boolq=\.\/data\/boolq/],
    [["doctor"], /Usage: mlan doctor[\s\S]*exit\s+status\s+is\s+0\s+if\s+a\s+backend\s+works/],
    [["backend", "install"], /Usage: mlan backend install[\s\S]*--wheel <file>[\s\S]*MLAN_PYTHON/],
    [["show"], /Usage: mlan show[\s\S]*\$ mlan show runs\/my-experiment/],
  ])("of %j teaches by example", async (words, expected) => {
    const { status, stdout, stderr } = await typed([...words, "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(expected);
  });

  test("--version is the package's", async () => {
    expect((await typed(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a command line that cannot work ends with one clear message:", () => {
  test.each([
    ["unknown command", ["rum"], /^error: unknown command 'rum'\n\(Did you mean run\?\)/],
    ["unknown option", ["run", "x.ts", "--frehs"], /^error: unknown option '--frehs'\n\(Did you mean --fresh\?\)/],
    ["no experiment", ["run"], /^error: missing required argument 'experiment'/],
    ["one word too many", ["show", "a", "b"], /^error: too many arguments for 'show'/],
    [
      "unknown protocol",
      ["eval", "--model", "a", "--weights", "b", "--benchmark", "boolq", "--protocol", "lax"],
      /^error: boolq: there is no protocol "lax"; it has paper and strict\.\n$/,
    ],
    [
      "no benchmark",
      ["eval", "--model", "a", "--weights", "b"],
      /^error: required option '--benchmark <name\[=folder\]>' not specified/,
    ],
    ["a batch of nothing", ["eval", "--batch-size", "0"], /'0' is invalid. It must be a whole number, 1 or more/],
    [
      "missing file",
      ["run", "nowhere/experiment.ts"],
      /^error: nowhere\/experiment\.ts does not exist or is not a file\.\n$/,
    ],
    ["a folder for a file", ["run", tmpdir()], /^error: .* does not exist or is not a file\.\n/],
    [
      "no experiment in the file",
      ["run", fixture("no-experiment.ts")],
      /no-experiment\.ts (has no default export|does not export an experiment as its default)\. End it with: export default experiment/,
    ],
    [
      "a missing package of another author",
      ["run", fixture("missing-package.mjs")],
      /^error: @acme\/data-that-nobody-installed is not installed here and is not a package of mlan\. Check the name;[^\n]*\n$/,
    ],
    [
      "a benchmark misspelled, before a model is looked for",
      ["eval", "--model", "gpt-9", "--weights", "b", "--benchmark", "bolq"],
      /^error: @mlan\/data-bolq [^\n]*Did you mean boolq\?/,
    ],
    [
      "a plugin that does not exist",
      ["eval", "--model", "gpt-9", "--weights", "b", "--benchmark", "boolq"],
      /^error: @mlan\/model-gpt-9 is not installed here, and mlan has no such package\. Available: endpoint, llama2, qwen2, vicuna\.\n$/,
    ],
    [
      "a misspelt plugin",
      ["eval", "--model", "vicunna", "--weights", "b", "--benchmark", "boolq"],
      /^error: @mlan\/model-vicunna is not installed here\. Did you mean vicuna\?\n$/,
    ],
    [
      "a plugin with a slash in its name",
      ["eval", "--model", "me/receipts", "--weights", "b", "--benchmark", "boolq"],
      /^error: me is not installed here and is not a package of mlan\. Check the name;[^\n]*\n$/,
    ],
    [
      "a folder that is not there",
      ["show", "nowhere"],
      /^error: .*\/nowhere\/ does not exist\. Give the path of a run folder\.\n$/,
    ],
    [
      "a misspelt folder",
      ["show", "packages/cli/tests"],
      /^error: .*\/packages\/cli\/tests\/ does not exist\. Did you mean packages\/cli\/test\?\n$/,
    ],
    ["no run folder", ["show", "packages"], /^error: .*\/packages\/ is not a run folder: it has no manifest\.json/],
  ])("%s", async (_, words, expected) => {
    const { status, stdout, stderr } = await typed(words);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("a manifest of something else", async () => {
    await writeFile(join(folder, "manifest.json"), '{"name": "a web page", "icons": []}');
    const { status, stderr } = await typed(["show", folder]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/is not a run folder: its manifest\.json was not written by a run/);
    await writeFile(join(folder, "manifest.json"), '{"formatVersion": 1, "pl');
    expect((await typed(["show", folder])).stderr).toMatch(/manifest\.json is not JSON/);
  });
});

describe("of an error one sees", () => {
  test("where it happened, when it is a mistake in the experiment file", async () => {
    const { status, stderr } = await typed(["run", fixture("mistake.ts")]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/TypeError: Cannot read properties of undefined[\s\S]*mistake\.ts:2/);
  });

  test("where it happened and why, with --verbose", async () => {
    const { stderr } = await typed(["run", fixture("missing-package.mjs"), "--verbose"]);
    expect(stderr).toMatch(/^ +at /m);
    expect(stderr).toMatch(/ERR_MODULE_NOT_FOUND/);
  });
});
