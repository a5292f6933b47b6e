/**
 * Installs packed packages into an empty project outside the repository and runs a script there: a dataset plugin of
 * the user's own, tuned and evaluated with nothing but what a user would install.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publishedPackages } from "./published-packages.ts";

/** What the user asks for; the rest comes as dependencies, which the registry does not have yet. */
const WANTED = ["core", "model-vicuna", "data-boolq", "eval-generation", "trainer-cpu", "data-miniworld"];

const packages = new Map(publishedPackages().map((found) => [found.folder, found]));
const folder = mkdtempSync(join(tmpdir(), "mlan-install-"));
try {
  const tarballs = [...withDependencies(WANTED)].map(pack);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
  cpSync(fileURLToPath(new URL("../../.npmrc", import.meta.url)), join(folder, ".npmrc"));
  run("npm", ["install", "--no-audit", "--no-fund", "--silent", ...tarballs, "@tensorflow/tfjs-core@^4.22.0"]);
  cpSync(fileURLToPath(new URL("foreign-project/", import.meta.url)), folder, { recursive: true });
  console.log(run(process.execPath, ["receipts.js"]));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Folders of the wanted packages and of all mlan packages that they depend on. */
function withDependencies(wanted: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const manifest = packages.get(name)?.manifest;
    if (!manifest || found.has(name)) return;
    found.add(name);
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (dependency.startsWith("@mlan/")) visit(dependency.slice("@mlan/".length));
    }
  };
  wanted.forEach(visit);
  return found;
}

function pack(name: string): string {
  const source = packages.get(name);
  if (!source) throw new Error(`There is no package ${name}.`);
  const output = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: fileURLToPath(source.url),
    encoding: "utf8",
  });
  return join(folder, output.trim().split("\n").at(-1) ?? "");
}

function run(program: string, parameters: readonly string[]): string {
  return execFileSync(program, parameters, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
