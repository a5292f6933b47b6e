import { MlanError } from "@mlan/core";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { json, type NewPackage } from "./new-package.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * Returns the new texts of the workspace's files that list all packages, by path from its root. Throws
 * `invalid-options` if the package exists.
 */
export function changesFor(made: NewPackage): ReadonlyMap<string, string> {
  const { folder } = made;
  const changeset = `.changeset/${folder}-first.md`;
  const existing = [...readdirSync(new URL("packages/", ROOT))].find((name) => name.toLowerCase() === folder);
  for (const [taken, what] of [
    [existing !== undefined, `packages/${folder}`],
    [existsSync(new URL(changeset, ROOT)), changeset],
  ])
    if (taken === true)
      throw new MlanError(
        "invalid-options",
        `${String(what)} exists already. Choose a different name, or remove it first.`,
      );
  return new Map([
    [changeset, `---\n"@mlan/${folder}": minor\n"@mlan/cli": patch\n---\n\n${made.changeset}\n`],
    change("tsconfig.json", (text) => withReference(text, folder)),
    change("README.md", (text) => withRow(text, made)),
    change("packages/cli/src/project/our-packages.ts", (text) => withPackage(text, folder)),
    change("package-lock.json", (text) => withLocked(text, made)),
  ]);
}

function change(path: string, edit: (text: string) => string | undefined): readonly [string, string] {
  const changed = edit(readFileSync(new URL(path, ROOT), "utf8"));
  if (changed !== undefined) return [path, changed];
  throw new MlanError("invalid-data", `${path} no longer has its list of packages; correct tools/new/shared-files.ts.`);
}

function withReference(text: string, folder: string): string {
  const config: { readonly references: readonly { readonly path: string }[] } = JSON.parse(text);
  return json({ ...config, references: [...config.references, { path: `packages/${folder}` }] });
}

/** Adds a link after the last package of its kind in the table of packages. */
function withRow(text: string, { folder, kind }: NewPackage): string | undefined {
  const links = [...text.matchAll(/\[([a-z0-9-]+)\]\(packages\/\1\)/g)].filter(([, name]) =>
    name?.startsWith(`${kind.prefix}-`),
  );
  const row = text.split("\n").findIndex((line) => line.startsWith("| plugins |"));
  const start = text.split("\n").slice(0, row).join("\n").length;
  const last =
    row < 0 ? undefined : links.findLast(({ index }) => index > start && !text.slice(start + 1, index).includes("\n"));
  if (last === undefined) return undefined;
  const end = last.index + last[0].length;
  return `${text.slice(0, end)}, [${folder}](packages/${folder})${text.slice(end)}`;
}

/** Adds the package in sorted order, as the architecture check requires. */
function withPackage(text: string, folder: string): string | undefined {
  const [list] = /(?<=^export const OUR_PACKAGES: readonly string\[\] = \[\n)(?: {2}"[^"]+",\n)+/m.exec(text) ?? [];
  if (list === undefined) return undefined;
  const names: readonly string[] = JSON.parse(`[${list.trimEnd().slice(0, -1)}]`);
  const lines = [...names, `@mlan/${folder}`].toSorted().map((name) => `  "${name}",\n`);
  return text.replace(list, lines.join(""));
}

/** Adds the lock file entries that npm would write, so that an installation changes nothing. */
function withLocked(text: string, { folder, manifest }: NewPackage): string {
  const { name, version, license, dependencies, devDependencies, engines, peerDependencies } = manifest;
  const lock: { readonly packages: Readonly<Record<string, unknown>> } = JSON.parse(text);
  const entries = [
    ...Object.entries(lock.packages),
    [`node_modules/${name}`, { resolved: `packages/${folder}`, link: true }] as const,
    [
      `packages/${folder}`,
      { name, version, license, dependencies, devDependencies, engines, peerDependencies },
    ] as const,
  ];
  return json({ ...lock, packages: Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b, "en"))) });
}
