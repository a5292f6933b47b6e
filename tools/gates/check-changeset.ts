/** Checks that a file in .changeset/ names every package whose sources changed since its version did. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { publishedPackages } from "./published-packages.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const changesets = new URL("../../.changeset/", import.meta.url);
const named = readdirSync(changesets)
  .filter((name) => name.endsWith(".md") && name !== "README.md")
  .map((name) => readFileSync(new URL(name, changesets), "utf8"))
  .join("\n");

const missing = publishedPackages()
  .filter(
    ({ folder, manifest }) => changedSinceVersion(folder, manifest.version) && !named.includes(`"${manifest.name}":`),
  )
  .map(({ manifest }) => manifest.name);

if (missing.length > 0) {
  console.error(
    `No changeset names ${missing.join(", ")}. Run \`npx changeset\` and describe in one sentence what changes for users.`,
  );
  process.exitCode = 1;
} else {
  console.log("Every changed package has a changeset.");
}

function changedSinceVersion(folder: string, version: string): boolean {
  const path = `packages/${folder}`;
  const versioned = git("log", "-1", "--format=%H", `-S"version": "${version}"`, "--", `${path}/package.json`);
  const changed =
    versioned === "" ? git("ls-files", `${path}/src`) : git("diff", "--name-only", versioned, "--", `${path}/src`);
  return changed !== "";
}

function git(...parameters: readonly string[]): string {
  return execFileSync("git", parameters, { cwd: root, encoding: "utf8" }).trim();
}
