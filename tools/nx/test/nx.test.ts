import { appendFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scratchWorkspace } from "../../setup/scratch-workspace.ts";
import { loadedModules, reachable } from "./loaded-modules.ts";
import { type Graph, nx, readGraph } from "./nx.ts";

const workspace = fileURLToPath(new URL("../../../", import.meta.url));

// A copy, because nx caches the results of its plugins for unchanged files.
let copy: string;
beforeAll(() => {
  copy = scratchWorkspace();
});
afterAll(() => rmSync(copy, { recursive: true }));

describe("nx's graph", () => {
  let graph: Graph;
  beforeAll(async () => {
    graph = await readGraph(copy);
  });
  const projectsByRoot = (): ReadonlyMap<string, string> =>
    new Map(Object.entries(graph.nodes).map(([name, { data }]) => [data.root, name]));
  const rootOf = (name: string): string => graph.nodes[name]?.data.root ?? "";

  it("has a cached build, typecheck and test for every package", () => {
    const names = readdirSync(join(workspace, "packages"));
    for (const name of names) {
      const targets = graph.nodes[projectsByRoot().get(`packages/${name}`) ?? ""]?.data.targets;
      expect(targets, name).toMatchObject({
        build: { cache: true, outputs: ["{projectRoot}/dist"] },
        typecheck: { cache: true, outputs: [] },
        test: { cache: true, outputs: [] },
      });
    }
  });

  it("has the tests of every tool", () => {
    const roots = [...projectsByRoot()].filter(([, name]) => graph.nodes[name]?.data.targets["test"] !== undefined);
    const tested = readdirSync(join(workspace, "tools"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".test.ts"),
    );
    expect(roots.map(([root]) => root)).toEqual(
      expect.arrayContaining(tested.map((path) => `tools/${path.split("/")[0]}`)),
    );
  });

  it("has every file that a test loads among the inputs of its cached result", async () => {
    const { output } = await nx(copy, "show", "target", "inputs", "@mlan/statistics:test", "--json");
    const { files: inputs }: { files: readonly string[] } = JSON.parse(output);
    const settings = new Set(inputs.filter((file) => !file.startsWith("packages/")));
    const hidden: string[] = [];
    const modules = await loadedModules(workspace);
    expect(modules.size).toBeGreaterThan(200);
    for (const [test, files] of modules) {
      const project = projectsByRoot().get(test.split("/").slice(0, 2).join("/")) ?? "";
      const known = reachable([project], (name) => (graph.dependencies[name] ?? []).map(({ target }) => target));
      const roots = [...known].map((name) => `${rootOf(name)}/`);
      if (graph.nodes[project]?.data.targets["test"]?.inputs?.includes("workspace")) continue;
      for (const file of files) {
        if (roots.some((root) => file.startsWith(root)) || settings.has(file)) continue;
        hidden.push(`${test} loads ${file}`);
      }
    }
    expect(hidden).toEqual([]);
  });
});

describe("nx", () => {
  it("builds a package after those that it refers to, and restores both from its cache", async () => {
    const built = (name: string): readonly string[] => readdirSync(join(copy, "packages", name, "dist")).toSorted();
    expect(await nx(copy, "build", "statistics")).toMatchObject({ ok: true });
    const files = { core: built("core"), statistics: built("statistics") };
    expect(files.statistics).toContain("index.js");
    for (const name of ["errors", "core", "statistics"])
      rmSync(join(copy, "packages", name, "dist"), { recursive: true });
    expect((await nx(copy, "build", "statistics")).output).toMatch(/from the cache .* for 3 out of 3 tasks/);
    expect({ core: built("core"), statistics: built("statistics") }).toEqual(files);
  });

  it.each([
    [
      "packages/data-race/src/race.ts",
      ["@mlan-tools/architecture", "@mlan/data-race", "@mlan/data-miniworld"],
      ["@mlan/core", "@mlan/data-boolq"],
    ],
    ["tools/tensorflow/describe-with-tensorflow.ts", ["@mlan/model-llava"], ["@mlan/data-race"]],
    ["docs/gpu.md", ["@mlan-tools/architecture"], ["@mlan/core", "@mlan/data-race"]],
  ])("tests what a change of %s may break", async (file, tested, untouched) => {
    const { output } = await nx(copy, "show", "projects", "--affected", `--files=${file}`, "--with-target=test");
    const names = output.trim().split("\n");
    expect(names).toEqual(expect.arrayContaining(tested));
    for (const name of untouched) expect(names).not.toContain(name);
  });

  it("uses its cache only while no input of a test has changed", async () => {
    const run = (): ReturnType<typeof nx> => nx(copy, "test", "data-boolq");
    expect((await run()).output).toMatch(/Successfully ran target test for project @mlan\/data-boolq/);
    expect((await run()).output).toMatch(/read the output from the cache/);
    appendFileSync(join(copy, "packages/data-kit/src/index.ts"), '\nthrow new Error("broken on purpose");\n');
    expect(await run()).toMatchObject({ ok: false, output: expect.stringContaining("broken on purpose") });
  });
});
