import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const workspace = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Copies the workspace in its current state to a temporary folder, without files that git ignores. Third-party packages
 * are linked to the installed ones, packages of the workspace to those of the copy. Returns the path of the folder; the
 * caller removes it.
 */
export function scratchWorkspace(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlan-workspace-"));
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: workspace,
    encoding: "utf8",
  });
  for (const file of listed.split("\0").filter((file) => file !== "" && existsSync(join(workspace, file))))
    cpSync(join(workspace, file), join(folder, file));
  for (const packages of [".", ...readdirSync(join(workspace, "packages")).map((name) => `packages/${name}`)])
    linkInstalled(join(workspace, packages, "node_modules"), join(folder, packages, "node_modules"));
  return folder;
}

function linkInstalled(installed: string, links: string): void {
  if (!existsSync(installed) || !existsSync(dirname(links))) return;
  mkdirSync(links);
  for (const entry of readdirSync(installed)) {
    // npm's record of the installation, and links to packages of the workspace. The links are relative, so they lead
    // into the copy.
    if (entry === ".package-lock.json" || entry.startsWith("@mlan"))
      cpSync(join(installed, entry), join(links, entry), { recursive: true, verbatimSymlinks: true });
    // Caches are not linked, because the copy must not write to this installation.
    else if (entry === ".bin" || !entry.startsWith(".")) symlinkSync(join(installed, entry), join(links, entry));
  }
}
