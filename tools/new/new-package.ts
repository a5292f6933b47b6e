import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "oxfmt";
import { publishedPackages } from "../gates/published-packages.ts";
import type { Kind } from "./kinds.ts";
import { checkClashes, named } from "./names.ts";

/** A package that has not been written yet. */
export interface NewPackage {
  readonly kind: Kind;
  /** Folder below packages/, e.g. "data-my-set". */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly changeset: string;
  /** Contents by path below the folder. */
  readonly files: ReadonlyMap<string, string>;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
}

const REPOSITORY = "https://github.com/mlan-js/mlan";
const TEMPLATES = new URL("templates/", import.meta.url);
const LICENSE = new URL("../../LICENSE", import.meta.url);
const FORMAT = new URL("../../.oxfmtrc.json", import.meta.url);

/** Throws `invalid-options` for a name that the code of this kind cannot have. */
export async function newPackage(kind: Kind & { readonly template: string }, name: string): Promise<NewPackage> {
  const template = templateFiles(kind.template);
  const sources = [...template].flatMap(([path, text]) => (path.endsWith(".ts") ? [text] : []));
  checkClashes(sources, name);
  const folder = `${kind.prefix}-${name}`;
  const manifest = manifestOf(kind, folder, name);
  const files = new Map([...template].map(([path, text]) => [named(path, name), named(text, name)]));
  files.set("package.json", json(manifest));
  files.set("tsconfig.json", json(tsconfigOf(kind)));
  files.set("test/tsconfig.json", `{\n  "extends": "../../../tsconfig.check.json",\n  "include": ["."]\n}\n`);
  files.set("LICENSE", readFileSync(LICENSE, "utf8"));
  const formatted = await Promise.all(
    [...files].map(async ([path, text]) => [path, await formattedText(path, text)] as const),
  );
  return { kind, folder, manifest, changeset: named(kind.changeset, name), files: new Map(formatted) };
}

/** Formats a file like `npm run format`, because a longer name changes line breaks. */
async function formattedText(path: string, text: string): Promise<string> {
  if (!/\.(?:ts|json)$/.test(path)) return text;
  const { printWidth }: { readonly printWidth: number } = JSON.parse(readFileSync(FORMAT, "utf8"));
  const { code, errors } = await format(path, text, { printWidth });
  if (errors.length > 0) throw new Error(`${path} of a new package: ${errors[0]?.message}`);
  return code;
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function templateFiles(template: string): ReadonlyMap<string, string> {
  const folder = new URL(`${template}/`, TEMPLATES);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  const root = fileURLToPath(folder);
  return new Map(
    paths.map((path) => [
      path
        .slice(root.length)
        .replace(/^[/\\]/, "")
        .replaceAll("\\", "/"),
      readFileSync(path, "utf8"),
    ]),
  );
}

function manifestOf(kind: Kind, folder: string, name: string): Manifest {
  const core = versionsOf(["@mlan/core"]);
  const fields = {
    name: `@mlan/${folder}`,
    version: "1.0.0",
    description: named(kind.description, name),
    keywords: [...new Set([...kind.keywords, name, "instruction-tuning", "mlan", "multimodal"])].toSorted(),
    homepage: `${REPOSITORY}/tree/main/packages/${folder}#readme`,
    bugs: `${REPOSITORY}/issues`,
    license: "Apache-2.0",
    repository: { type: "git", url: `git+${REPOSITORY}.git`, directory: `packages/${folder}` },
    files: ["dist", "src", "!dist/.tsbuildinfo"],
    type: "module",
    sideEffects: false,
    exports: {
      ".": { "@mlan/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    publishConfig: { access: "public" },
    dependencies: versionsOf(kind.dependencies),
    devDependencies: versionsOf(["@mlan/core", "@mlan/testing", ...kind.devDependencies]),
    peerDependencies: core,
    engines: { node: ">=20.19" },
  };
  return fields;
}

/** Returns the versions of packages that the workspace's own packages depend on. */
function versionsOf(names: readonly string[]): Readonly<Record<string, string>> {
  const asked = Object.assign(
    {},
    ...publishedPackages().map(({ manifest }) => ({ ...manifest.devDependencies, ...manifest.dependencies })),
  );
  return Object.fromEntries(
    names.toSorted().map((name) => {
      if (typeof asked[name] !== "string") throw new Error(`no package of the workspace depends on ${name}`);
      return [name, asked[name]];
    }),
  );
}

function tsconfigOf({ dependencies }: Kind): unknown {
  const ours = dependencies.flatMap((name) => (name.startsWith("@mlan/") ? [name.slice("@mlan/".length)] : []));
  return {
    extends: "../../tsconfig.base.json",
    include: ["src"],
    references: ["core", ...ours].map((folder) => ({ path: `../${folder}` })),
  };
}
