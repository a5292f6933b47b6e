import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scratchWorkspace } from "../../setup/scratch-workspace.ts";
import { KINDS } from "../kinds.ts";
import { plan } from "../plan.ts";
import { follow } from "./page.ts";

/** Each kind once, with names that change the line breaks of the templates. */
const MADE = [
  ["data", "my-set"],
  ["benchmark", "quiz"],
  ["model", "llama9"],
  ["eval", "by-the-longest-of-all-answers-2"],
  ["trainer", "tpu"],
] as const;
const folders = MADE.map(([kind, name]) => `${kind === "benchmark" ? "data" : kind}-${name}`);

let copy: string;
beforeAll(() => {
  copy = scratchWorkspace();
});
afterAll(() => rmSync(copy, { recursive: true }));

interface Said {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs a Node program in the copy. */
async function run(program: string, ...parameters: readonly string[]): Promise<Said> {
  // An installation would fail, because there is no npm here.
  const env = { ...process.env, NO_COLOR: "1", npm_execpath: join(copy, "no-npm.js") };
  const options = { cwd: copy, maxBuffer: 64e6, env };
  const said = await promisify(execFile)(process.execPath, [join(copy, program), ...parameters], options).then(
    (done) => ({ ok: true, ...done }),
    (error: Error & { readonly stdout?: string; readonly stderr?: string }) => ({ ok: false, ...error }),
  );
  return { ok: said.ok, output: stripVTControlCharacters(`${said.stdout ?? ""}${said.stderr ?? ""}`) };
}

const make = (...words: readonly string[]): Promise<Said> =>
  run("tools/setup/run.mjs", "source", "tools/new/new.ts", ...words);
const read = (path: string): string => readFileSync(join(copy, path), "utf8");
const good = { ok: true };

describe("npm run new", () => {
  it.each(MADE)("creates a package of the kind %s", async (kind, name) => {
    expect(await make(kind, name)).toMatchObject({
      ok: true,
      output: expect.stringContaining(`-${name}. Fill in`),
    });
  });

  it("creates packages that pass their contract tests", async () => {
    const { ok, output } = await run(
      "node_modules/vitest/vitest.mjs",
      "run",
      ...folders.map((folder) => `packages/${folder}/`),
    );
    expect(ok, output).toBe(true);
    for (const folder of folders) expect(output).toContain(`packages/${folder}/test/`);
  });

  it("creates packages that follow the workspace's rules", async () => {
    const about = [...folders, "the command suggests"].join("|");
    const { ok, output } = await run("node_modules/vitest/vitest.mjs", "run", "tools/architecture/", "-t", about);
    expect(ok, output).toBe(true);
    expect(Number(/Tests +(\d+) passed/.exec(output)?.[1])).toBeGreaterThan(folders.length * 10);
  });

  it("adds them to the README, the references and the change log", () => {
    const { references }: { references: readonly unknown[] } = JSON.parse(read("tsconfig.json"));
    for (const folder of folders) {
      expect(references).toContainEqual({ path: `packages/${folder}` });
      expect(read("README.md")).toMatch(new RegExp(`^\\| plugins \\|.*\\[${folder}\\]\\(packages/${folder}\\)`, "m"));
      expect(read(`.changeset/${folder}-first.md`)).toContain(`"@mlan/${folder}": minor`);
    }
  });

  it("writes the lock file as npm does, and the link that npm would make", async () => {
    const lock = read("package-lock.json");
    for (const folder of folders)
      expect(existsSync(join(copy, `node_modules/@mlan/${folder}/package.json`))).toBe(true);
    const npm = process.env["npm_execpath"] ?? join(process.execPath, "../../lib/node_modules/npm/bin/npm-cli.js");
    const parameters = [npm, "install", "--package-lock-only", "--offline", "--ignore-scripts", "--no-audit"];
    await promisify(execFile)(process.execPath, parameters, { cwd: copy });
    expect(read("package-lock.json")).toBe(lock);
  });
});

it.each(Object.values(KINDS))("the page for new packages exists: $guide", ({ guide }) => {
  expect(existsSync(join(copy, guide))).toBe(true);
});

const pages = readdirSync(new URL("../../../docs/how-to/", import.meta.url));

describe("docs/how-to", () => {
  it.each(pages)("%s works when it is followed to the letter", async (page) => {
    await expect(follow(join("docs/how-to", page), copy)).resolves.toBe(undefined);
  });
});

describe("packages from npm run new and the pages of docs/how-to", () => {
  it("is built", async () => {
    const paths = folders.map((folder) => `packages/${folder}`);
    expect(await run("node_modules/typescript/bin/tsc", "--build", ...paths)).toMatchObject(good);
  });

  it("have the right types, tests included", async () => {
    expect(await run("node_modules/typescript/bin/tsc", "--project", "tsconfig.check.json")).toMatchObject(good);
  });

  it("is linted", async () => {
    expect(await run("node_modules/oxlint/bin/oxlint", "--deny-warnings", "packages")).toMatchObject(good);
  });

  it("is formatted", async () => {
    expect(await run("node_modules/oxfmt/bin/oxfmt", "--check", "packages")).toMatchObject(good);
  });

  it("list exactly the dependencies that they use", async () => {
    expect(await run("node_modules/knip/bin/knip.js", "--no-config-hints")).toMatchObject(good);
  });
});

describe("npm run new refuses, with one sentence and no file changed,", () => {
  // prettier-ignore
  it.each([
    ["nothing at all",           [],                        /^Give a kind and a name: npm run new -- <kind> <name>\. Kinds: data, /],
    ["too many words",           ["data", "my", "set"],     /^Give a kind and a name/],
    ["an unknown kind",          ["dataset", "x"],          /^There is no kind of package "dataset"\. Use one of: data, /],
    ["a name of the prototype",  ["constructor", "x"],      /^There is no kind of package "constructor"/],
    ["an existing package",      ["data", "boolq"],         /^packages\/data-boolq exists already\./],
    ["capitals",                 ["data", "MySet"],         /^"MySet" cannot be the name of a package: use up to 50 lower-case/],
    ["a path",                   ["data", "../evil"],       /^"\.\.\/evil" cannot be the name/],
    ["an empty name",            ["data", ""],              /^"" cannot be the name/],
    ["a name that is too long",  ["data", "x".repeat(51)],  /cannot be the name of a package/],
    ["a repeated kind",          ["data", "data-set"],      /^"data-set" repeats its kind: "set" makes @mlan\/data-set\./],
    ["a kit",                    ["trainer", "kit"],        /^"kit" is the name of a kit/],
    ["a word of JavaScript",     ["data", "await"],         /^"await" is a word of JavaScript.*"my-await"/],
    ["an import's name",         ["data", "rows-from"],     /^"rows-from" cannot be the name: .* already uses rowsFrom/],
    ["a type's name",            ["data", "source"],        /^"source" cannot be the name: .* already uses SourceOptions/],
  ])("%s", async (_, words, message) => {
    await expect(plan(words)).rejects.toMatchObject({ code: "invalid-options", message: expect.stringMatching(message) });
  });

  it("a package that it has just made", async () => {
    const before = everyFile();
    const { ok, output } = await make("data", "my-set");
    expect(ok).toBe(false);
    expect(output).toMatch(/^packages\/data-my-set exists already\. .*\n$/);
    expect(everyFile()).toEqual(before);
  });

  it("what cannot be written as a whole", async () => {
    // The link is written last. It cannot replace a folder.
    mkdirSync(join(copy, "node_modules/@mlan/data-never/files"), { recursive: true });
    const before = everyFile();
    const { ok, output } = await make("data", "never");
    expect(ok).toBe(false);
    expect(output).toMatch(/^packages\/data-never was not created, and nothing was changed: .*data-never.*\n$/);
    expect(everyFile()).toEqual(before);
  });
});

/** Returns the texts of the files outside packages that a new package changes, and the names of all files. */
function everyFile(): unknown {
  const listed = ["packages", ".changeset"].flatMap((folder) =>
    readdirSync(join(copy, folder), { recursive: true, encoding: "utf8" }),
  );
  return {
    listed,
    texts: ["README.md", "tsconfig.json", "package-lock.json", "packages/cli/src/project/our-packages.ts"].map(read),
  };
}
