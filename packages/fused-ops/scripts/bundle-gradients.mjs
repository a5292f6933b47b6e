// Bundles the gradients of tfjs-core into generated/gradients.js (docs/decisions/0017). Run it when tfjs-core's version changes:
//   npm run bundle-gradients --workspace @mlan/fused-ops
// With --check it writes nothing and fails if the committed file is out of date.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, sep } from "node:path";
import { argv } from "node:process";
import * as tf from "@tensorflow/tfjs-core";

const target = new URL("../generated/gradients.js", import.meta.url);
const modules = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core"));
const registration = await readFile(join(modules, "register_all_gradients.js"), "utf8");
const configurations = registration.match(/const gradConfigs = (\[[^\]]*\]);/)?.[1];
if (configurations === undefined) throw new Error("register_all_gradients.js of tfjs-core has no list of gradients");
const imports = registration.match(/^import \{ \w+ \} from '\.\/gradients\/\w+';$/gm)?.join("\n") ?? "";

/** Imports everything that tfjs-core exports from the package itself, so that no operation is bundled a second time. */
const fromCore = {
  name: "from tfjs-core",
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path, suffix }) => {
      if (path.includes(`${sep}gradients${sep}`) || suffix === ORIGINAL) return undefined;
      if (path.endsWith(`${sep}engine.js`)) return { contents: ENGINE_MODULE };
      const shared = exportedNames(await readFile(path, "utf8")).filter((name) => Object.hasOwn(tf, name));
      const rest = `export * from ${JSON.stringify(`./${basename(path)}${ORIGINAL}`)};`;
      return {
        contents: `export { ${shared.join(", ")} } from "@tensorflow/tfjs-core"; ${rest}`,
        resolveDir: dirname(path),
      };
    });
  },
};

const ORIGINAL = "?original";
const ENGINE_MODULE = 'import { engine } from "@tensorflow/tfjs-core"; export const ENGINE = engine();';

function exportedNames(code) {
  const declared = [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
  const listed = [...code.matchAll(/^export \{([^}]*)\};$/gm)].flatMap(([, names]) => names.split(","));
  return [...declared, ...listed.map((name) => name.trim())];
}

const { outputFiles } = await build({
  stdin: { contents: `${imports}\nexport const gradients = ${configurations};\n`, resolveDir: modules },
  bundle: true,
  write: false,
  format: "esm",
  legalComments: "none",
  // Paths in comments are relative to this folder.
  absWorkingDir: modules,
  target: "node20",
  external: ["@tensorflow/tfjs-core"],
  plugins: [fromCore],
});
const file = `/* The gradients of tfjs-core ${tf.version_core}, bundled by scripts/bundle-gradients.mjs. Do not edit.
   Copyright Google LLC, Apache License 2.0: https://github.com/tensorflow/tfjs */
${outputFiles[0].text}`;

if (!argv.includes("--check")) await writeFile(target, file);
else if ((await readFile(target, "utf8")) !== file)
  throw new Error("generated/gradients.js is out of date: run this script without --check");
