import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** Bundles the packages of this repository, which are TypeScript, and leaves third-party packages external. */
export const onlyOwnPackages: Plugin = {
  name: "only-own-packages",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      return kind === "entry-point" || /^(?:@mlan\/|#)/.test(path) ? undefined : { path, external: true };
    });
  },
};

/**
 * Bundles a test's TypeScript program with the sources of our packages into one JavaScript file, for tests that start
 * it many times: starting it with tsx takes three times as long. Returns the path of the file. It is in `.cache/` of
 * the package, where third-party packages can be resolved.
 */
export async function bundleProgram(program: URL, packageFolder: URL): Promise<string> {
  const source = fileURLToPath(program);
  const outfile = join(fileURLToPath(packageFolder), ".cache/programs", `${basename(source, ".ts")}.mjs`);
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@mlan/source"],
    plugins: [onlyOwnPackages],
    sourcemap: "inline",
    logLevel: "error",
  });
  return outfile;
}
