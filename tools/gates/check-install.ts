/**
 * Installs the packages in the README's table into empty projects outside the repository, with every package manager, and
 * runs a script there: it tunes on a user's own dataset plugin and evaluates, with nothing but what a user would install.
 * A warning is a failure. A local registry serves our packages; everything else comes from the npm registry.
 *
 *   npm run check:install -- "yarn 4"    one package manager only
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serveLocalRegistry } from "./local-registry.ts";
import { installClients, type PackageClient } from "./package-clients.ts";
import { strangersEnvironment } from "./strangers-environment.ts";

/** The packages that train a model and evaluate it. */
const TRAINER = ["@mlan/core", "@mlan/cli", "@mlan/model-vicuna", "@mlan/trainer-cpu"];
const TRAINER_MEGABYTES = 400;
/** A package that only the script needs. */
const MINIATURE = "@mlan/data-miniworld";
/** Packages that are installed differently: with `--ignore-scripts`, or with a test runner. */
const OTHERWISE = new Set(["@mlan/trainer-gpu", "@mlan/backend-tensorflow", "@mlan/testing"]);
/** The last TypeScript whose DOM types agree with those of tfjs-core; see docs/installing.md. */
const TYPESCRIPT = ["typescript@5.9.3", "@types/node@20"];

/** Time limit of one installation. */
const MINUTES = 10;

const root = mkdtempSync(join(tmpdir(), "mlan-install-"));
const folderOf = (name: string): string => {
  const folder = join(root, name.replaceAll(" ", "-"));
  mkdirSync(folder);
  return folder;
};
const registry = await serveLocalRegistry(folderOf("packed"));
try {
  const environment = strangersEnvironment(folderOf("home"), registry.url);
  const only = process.argv.slice(2);
  for (const client of installClients(folderOf("clients"), environment)) {
    if (only.length === 0 || only.includes(client.name)) await tryClient(client, environment);
  }
} finally {
  registry.close();
  rmSync(root, { recursive: true, force: true });
}

async function tryClient(client: PackageClient, environment: NodeJS.ProcessEnv): Promise<void> {
  const folder = folderOf(client.name);
  const stranger = { name: "stranger", version: "1.0.0", private: true, license: "UNLICENSED", type: "module" };
  writeFileSync(join(folder, "package.json"), JSON.stringify(stranger));
  writeFileSync(join(folder, client.settings.file), `${client.settings.line}\n`);
  await add(client, TRAINER, folder, environment);
  const megabytes = Math.round(bytesBelow(join(folder, "node_modules")) / 1e6);
  if (megabytes > TRAINER_MEGABYTES + (client.otherPlatforms ?? 0))
    throw new Error(`${client.name}: a trainer takes ${megabytes} MB`);
  const everything = [...packagesOfReadme(), MINIATURE];
  await add(client, everything, folder, environment);
  cpSync(fileURLToPath(new URL("foreign-project/", import.meta.url)), folder, { recursive: true });
  const output = await run([process.execPath, "receipts.js"], folder, environment);
  console.log(`${client.name}: a trainer takes ${megabytes} MB, everything is installed; ${output.trim()}`);
  if (client.name === "npm 11") await checkTypes(client, everything, folder, environment);
}

/** Checks that the type declarations compile without `skipLibCheck`. */
async function checkTypes(
  client: PackageClient,
  packages: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  await add(client, TYPESCRIPT, folder, environment);
  writeFileSync(join(folder, "types.ts"), packages.map((name) => `import "${name}";\n`).join(""));
  const compilerOptions = { module: "nodenext", target: "es2023", strict: true, noEmit: true, skipLibCheck: false };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["types.ts"] }));
  await run([process.execPath, "node_modules/typescript/bin/tsc"], folder, environment);
  console.log(`types of ${packages.length} packages compile without skipLibCheck`);
}

async function add(
  client: PackageClient,
  packages: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const [program = ""] = client.add;
  // npm 12 starts scripts with its own Node instead of the first one in PATH.
  const env = { ...environment, PATH: `${dirname(program)}:${environment["PATH"]}` };
  const output = (await run([...client.add, ...packages], folder, env)).split("\n");
  const warnings = output.filter((line) => /warn|EBADENGINE|YN0002|YN0086/i.test(line) && !client.allowed?.test(line));
  if (warnings.length > 0) throw new Error(`${client.name} warns:\n${warnings.join("\n")}`);
}

/** Runs a program and returns its output on both streams. Asynchronous, because the registry runs in this process. */
async function run(
  [program = "", ...parameters]: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program, parameters, {
    cwd,
    env,
    maxBuffer: 64e6,
    timeout: MINUTES * 60_000,
  }).catch((error: Error & { readonly stdout?: string; readonly stderr?: string }) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return `${stdout}${stderr}`;
}

/** Returns the packages in the README's installation table. */
function packagesOfReadme(): readonly string[] {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const table = /\n\| you want to [\s\S]*?\n\n/.exec(readme)?.[0] ?? "";
  const names: string[] = [];
  for (const [, name = ""] of table.matchAll(/`(@(?:mlan|tensorflow)\/[a-z0-9-]+|-[a-z0-9]+)`/g)) {
    // "-vicuna" after "@mlan/model-llama2" is "@mlan/model-vicuna".
    names.push(name.startsWith("-") ? `${names.at(-1)?.replace(/-[a-z0-9]+$/, "")}${name}` : name);
  }
  if (names.length < TRAINER.length) throw new Error("README.md has no table of what to install");
  return [...new Set(names)].filter((name) => !OTHERWISE.has(name));
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
