/** Packs every package as it would be published, and checks with publint and attw that others can use it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publishedPackages } from "./published-packages.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mlan-pack-"));
const broken: string[] = [];

for (const { manifest, url } of publishedPackages()) {
  const packed = run("npm", ["pack", "--silent", "--pack-destination", folder], fileURLToPath(url));
  const tarball = join(folder, packed.output.trim().split("\n").at(-1) ?? "");
  const publint = run("npx", ["--no-install", "publint", "run", tarball, "--strict"], root);
  const attw = run(
    "npx",
    ["--no-install", "attw", tarball, "--profile", "esm-only", "--no-emoji", "--format", "ascii"],
    root,
  );
  for (const { status, output } of [packed, publint, attw]) {
    if (status === 0) continue;
    broken.push(manifest.name);
    console.error(`${manifest.name}\n${output}`);
  }
}

rmSync(folder, { recursive: true });
console.log(
  broken.length === 0 ? "All packages can be published." : `These packages cannot be published: ${broken.join(", ")}`,
);
process.exitCode = broken.length === 0 ? 0 : 1;

function run(program: string, parameters: readonly string[], cwd: string): { status: number; output: string } {
  const { status, stdout, stderr } = spawnSync(program, parameters, { cwd, encoding: "utf8" });
  return { status: status ?? 1, output: status === 0 ? stdout : stdout + stderr };
}
