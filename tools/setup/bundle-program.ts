import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** Third-party packages are loaded as they are; those of this repository are TypeScript. */
export const onlyOwnPackages: Plugin = {
  name: "only-own-packages",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      return kind === "entry-point" || /^(?:@mlan\/|#)/.test(path) ? undefined : { path, external: true };
    });
  },
};

/**
 * Puts a test's TypeScript program and the sources of all packages that it imports into one JavaScript file, for tests
 * that start it many times: a start through tsx takes three times as long. Gives the path of the file, which is in the
 * `.cache/` of the package, where the third-party packages are found.
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
