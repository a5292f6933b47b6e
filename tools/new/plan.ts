import { MlanError } from "@mlan/core";
import { KINDS, kindNamed } from "./kinds.ts";
import { checkName } from "./names.ts";
import { type NewPackage, newPackage } from "./new-package.ts";
import { changesFor } from "./shared-files.ts";

/** Everything that will be written. */
export interface Plan extends NewPackage {
  /** New texts of files outside the package, by path from the workspace's root. */
  readonly changed: ReadonlyMap<string, string>;
}

/** Plans the package for the command's arguments, a kind and a name. Writes nothing. Throws `invalid-options`. */
export async function plan(words: readonly string[]): Promise<Plan> {
  const [kindName, name, ...rest] = words;
  if (kindName === undefined || name === undefined || rest.length > 0) {
    const message = `Give a kind and a name: npm run new -- <kind> <name>. Kinds: ${Object.keys(KINDS).join(", ")}.`;
    throw new MlanError("invalid-options", message);
  }
  const kind = kindNamed(kindName);
  checkName(kind, name);
  const made = await newPackage(kind, name);
  return { ...made, changed: changesFor(made) };
}
