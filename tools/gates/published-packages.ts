import { readdirSync, readFileSync } from "node:fs";

/** A published package, with the fields of package.json that the gates read. */
export interface PublishedPackage {
  /** Folder below packages/, e.g. "data-boolq". */
  readonly folder: string;
  readonly url: URL;
  readonly manifest: Manifest;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type?: string;
  readonly sideEffects?: unknown;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const PACKAGES = new URL("../../packages/", import.meta.url);

/** Returns all packages below packages/, sorted by name. */
export function publishedPackages(): readonly PublishedPackage[] {
  return readdirSync(PACKAGES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: folder }) => {
      const url = new URL(`${folder}/`, PACKAGES);
      return { folder, url, manifest: JSON.parse(readFileSync(new URL("package.json", url), "utf8")) };
    })
    .toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
}
