import { MlanError, shownValue } from "@mlan/core";
import { editDistance } from "./edit-distance.ts";
import { NO_PLUGINS, OUR_PACKAGES } from "./our-packages.ts";

/**
 * Runs an import. When a package is missing, throws `missing-plugin` with advice: the install command for a package of
 * mlan, the package with the most similar name, or to check the name. Advises to install only packages of mlan. With
 * `kind`, shows names as in commands, e.g. `vicuna` for `@mlan/model-vicuna`.
 */
export async function withInstallHint<Module>(load: () => Promise<Module>, kind?: string): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const missing = missingPackage(cause);
    if (missing === undefined) throw cause;
    throw new MlanError("missing-plugin", hintFor(missing, kind), { cause });
  }
}

function hintFor(name: string, kind: string | undefined): string {
  if (OUR_PACKAGES.includes(name)) return `${name} is not installed here. Install it: npm install ${name}`;
  const shown = shownValue(name).slice(1, -1);
  const prefix = kind === undefined ? undefined : `@mlan/${kind}-`;
  const isOfKind = (other: string): boolean =>
    prefix !== undefined && other.startsWith(prefix) && !NO_PLUGINS.has(other);
  const short = (other: string): string => (isOfKind(other) ? other.slice(prefix?.length) : other);
  const near = nearest(name);
  if (near !== undefined) return `${shown} is not installed here. Did you mean ${short(near)}?`;
  if (!name.startsWith("@mlan/")) {
    return `${shown} is not installed here and is not a package of mlan. Check the name; if you want this package and trust it, add it to your project.`;
  }
  const ours = (prefix === undefined ? OUR_PACKAGES : OUR_PACKAGES.filter(isOfKind)).map(short).join(", ");
  return `${shown} is not installed here, and mlan has no such package. Available: ${ours}.`;
}

/**
 * Returns the package of mlan with the most similar name. At most two letters, and at most one in three, may differ.
 */
function nearest(name: string): string | undefined {
  const word = /[^/-]*$/.exec(name)?.[0] ?? name;
  const limit = Math.min(2, Math.floor(word.length / 3));
  const [first] = OUR_PACKAGES.map((other) => ({ other, distance: editDistance(name, other) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((one, other) => one.distance - other.distance);
  return first?.other;
}

/**
 * Returns the package's name in Node's message, e.g. "Cannot find package '@mlan/data-boolq' imported from
 * /home/me/experiment.ts".
 */
function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return undefined;
  const specifier = /Cannot find (?:package|module) '([^'./][^']*)'/.exec(error.message)?.[1];
  return specifier === undefined ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}
