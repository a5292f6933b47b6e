import { execFile } from "node:child_process";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import vitestConfig from "../../../vitest.config.ts";
import { onlyOwnPackages } from "../../setup/bundle-program.ts";

/**
 * Returns, for every test file of the workspace, the files of the workspace that it loads. Paths are relative to the
 * root.
 */
export async function loadedModules(workspace: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const setups = setupFiles();
  const tests = (await testFiles(workspace)).map(({ file, project }) => ({
    file,
    entries: [file, ...(setups.get(project) ?? [])],
  }));
  const { metafile } = await build({
    entryPoints: [...new Set(tests.flatMap(({ entries }) => entries))],
    absWorkingDir: workspace,
    outdir: "unused",
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@mlan/source"],
    plugins: [onlyOwnPackages],
    logLevel: "error",
  });
  const importsOf = (file: string): readonly string[] =>
    (metafile.inputs[file]?.imports ?? []).flatMap(({ path, external }) => (external ? [] : [path]));
  return new Map(tests.map(({ file, entries }) => [file, reachable(entries, importsOf)]));
}

/** Returns everything that can be reached from `starts` by following `next`, including `starts`. */
export function reachable(starts: readonly string[], next: (one: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(starts);
  for (const one of found) for (const other of next(one)) found.add(other);
  return found;
}

async function testFiles(workspace: string): Promise<readonly { readonly file: string; readonly project: string }[]> {
  const parameters = [join(workspace, "node_modules/vitest/vitest.mjs"), "list", "--filesOnly", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: workspace, maxBuffer: 16e6 });
  const listed: readonly { readonly file: string; readonly projectName: string }[] = JSON.parse(stdout);
  return listed.map(({ file, projectName }) => ({ file: relative(workspace, file), project: projectName }));
}

/** Returns the setup files of each vitest project. */
function setupFiles(): ReadonlyMap<string, readonly string[]> {
  interface Project {
    readonly test: { readonly name: string; readonly setupFiles?: readonly string[] };
  }
  const projects: readonly Project[] = JSON.parse(JSON.stringify(vitestConfig.test?.projects));
  return new Map(projects.map(({ test }) => [test.name, test.setupFiles ?? []]));
}
