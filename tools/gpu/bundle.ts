import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const device = fileURLToPath(new URL("device/", import.meta.url));
const backend = join(root, "packages/backend-onnx");

/** Programs of the check. Each runs as a separate process. */
const PROGRAMS = ["check", "adapter", "recipe", "checkpoint", "speed"];
/** Packages with native parts. They are copied without bundling, together with the packages that they load. */
const NATIVE = [
  "koffi",
  "@koromix/koffi-linux-x64",
  "sharp",
  "@img/colour",
  "@img/sharp-linux-x64",
  "@img/sharp-libvips-linux-x64",
  "detect-libc",
  "semver",
];

/** Bundles the check into `folder`: `dist/check.js` and everything that it needs, for Linux x64. */
export async function bundle(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const entries = join(folder, "entries");
  mkdirSync(entries, { recursive: true });
  const tests = [
    { name: "conformance-contract", file: join(device, "contract.ts") },
    ...testFiles("webgpu").map((file) => ({ name: `conformance-${nameOf(file)}`, file })),
    // readme.test.ts tests a page of documentation, not a kernel.
    ...testFiles("kernels")
      .filter((file) => nameOf(file) !== "readme")
      .map((file) => ({ name: `kernels-${nameOf(file)}`, file })),
  ];
  const runner = join(device, "runner.ts");
  for (const { name, file } of tests)
    writeFileSync(
      join(entries, `${name}.ts`),
      `import { runTests } from ${JSON.stringify(runner)};\nimport ${JSON.stringify(file)};\nawait runTests();\nprocess.exit(0);\n`,
    );
  await build({
    entryPoints: [
      ...PROGRAMS.map((name) => join(device, `${name}.ts`)),
      ...tests.map(({ name }) => join(entries, `${name}.ts`)),
    ],
    outdir: join(folder, "dist"),
    entryNames: "[name]",
    // Beside the programs, because files are located relative to import.meta.url.
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // A package loaded both as ES module and as CommonJS would exist twice, with two kernel registries.
    mainFields: ["main"],
    conditions: ["@mlan/source"],
    // TensorFlow.js wrongly marks modules that register a backend as free of side effects.
    ignoreAnnotations: true,
    external: ["koffi", "sharp", "onnxruntime-node"],
    plugins: [oneVitest(runner)],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  rmSync(entries, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "mlan-gpu-check", version: "0.0.0", type: "module" }),
  );
  cpSync(join(device, "torch_llama.py"), join(folder, "dist", "torch_llama.py"));
  cpSync(join(root, "packages/data-miniworld/checkpoints"), join(folder, "checkpoints"), { recursive: true });
  for (const name of NATIVE) copyPackage(name, folder);
  copyOnnxRuntime(folder);
}

function testFiles(kind: string): readonly string[] {
  const folder = join(backend, "test", kind);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(folder, file));
}

function nameOf(file: string): string {
  return basename(file, ".test.ts");
}

function oneVitest(
  runner: string,
): Parameters<typeof build>[0]["plugins"] extends (infer One)[] | undefined ? One : never {
  return { name: "vitest", setup: (setup) => void setup.onResolve({ filter: /^vitest$/ }, () => ({ path: runner })) };
}

function copyPackage(name: string, folder: string): void {
  cpSync(packageFolder(name), join(folder, "node_modules", name), {
    recursive: true,
    dereference: true,
    filter: (path) => !/\/(vendor|doc|musl_x64)(\/|$)/.test(path.slice(packageFolder(name).length)),
  });
}

/** Copies only the library for Linux x64. Those for all platforms have 200 MB. */
function copyOnnxRuntime(folder: string): void {
  const name = "onnxruntime-node";
  const library = join("bin", "napi-v6", "linux", "x64", "libonnxruntime.so.1");
  const target = join(folder, "node_modules", name);
  mkdirSync(dirname(join(target, library)), { recursive: true });
  for (const file of ["package.json", library])
    cpSync(join(packageFolder(name), file), join(target, file), { dereference: true });
}

/** Returns the folder where npm installed a package that the backend or this tool uses. */
export function packageFolder(name: string): string {
  const searched = createRequire(join(backend, "package.json")).resolve.paths(name) ?? [];
  for (const place of searched) {
    try {
      readdirSync(join(place, name));
      return join(place, name);
    } catch {
      continue; // not in this one
    }
  }
  throw new Error(`the npm package ${name} is not installed; run npm install on Linux x64`);
}
