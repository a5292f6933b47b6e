import { MlanError } from "@mlan/core";

/** Imports, and tells how to install a package that is missing (`missing-plugin`). */
export async function withInstallHint<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const name = missingPackage(cause);
    if (name === undefined) throw cause;
    throw new MlanError("missing-plugin", `${name} is not installed here. Install it: npm install ${name}`, { cause });
  }
}

/** From Node's message, e.g. "Cannot find package '@mlan/data-boolq' imported from /home/me/experiment.ts". */
function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return undefined;
  const specifier = /Cannot find (?:package|module) '([^'./][^']*)'/.exec(error.message)?.[1];
  return specifier === undefined ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}
