import { MlanError } from "@mlan/core";
import { compileFunction } from "node:vm";
import type { Kind } from "./kinds.ts";

/** Returns the two forms of a name in code: my-set becomes mySet for functions and MySet for types. */
function codeNames(name: string): { readonly camel: string; readonly pascal: string } {
  const pascal = name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { camel: `${pascal.charAt(0).toLowerCase()}${pascal.slice(1)}`, pascal };
}

/** Replaces `new-name`, `newName` and `NewName` in a template's text by a name. */
export function named(text: string, name: string): string {
  const { camel, pascal } = codeNames(name);
  return text.replaceAll("new-name", name).replaceAll("newName", camel).replaceAll("NewName", pascal);
}

const LONGEST = 50;
/** Names of the kits' packages (docs/decisions/0002). */
const KITS = new Set(["kit", "llava"]);

/** Throws `invalid-options` unless `name` can be the name of a package of this kind and of a function. */
export function checkName({ prefix }: Kind, name: string): void {
  const refused = (why: string): MlanError => new MlanError("invalid-options", `${JSON.stringify(name)} ${why}`);
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || name.length > LONGEST)
    throw refused(
      `cannot be the name of a package: use up to ${LONGEST} lower-case letters, digits and single hyphens, a letter first, as in "my-set".`,
    );
  if (name.startsWith(`${prefix}-`))
    throw refused(`repeats its kind: "${name.slice(prefix.length + 1)}" makes @mlan/${name}.`);
  if (KITS.has(name)) throw refused(`is the name of a kit, which plugins are built on: choose a different name.`);
  if (!isIdentifier(codeNames(name).camel))
    throw refused(
      `is a word of JavaScript, so no function can have this name: choose a different one, as in "my-${name}".`,
    );
}

function isIdentifier(word: string): boolean {
  try {
    compileFunction(`"use strict"; async () => { let ${word}; }`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Throws `invalid-options` if the template, with this name filled in, would declare or import a name twice. `sources`
 * are the template's TypeScript files.
 */
export function checkClashes(sources: readonly string[], name: string): void {
  for (const source of sources) {
    const seen = new Set<string>();
    for (const declared of declaredIn(source)) {
      const written = named(declared, name);
      if (seen.has(written))
        throw new MlanError(
          "invalid-options",
          `"${name}" cannot be the name: the code of the package already uses ${written} for something else. Choose a different one, as in "my-${name}".`,
        );
      seen.add(written);
    }
  }
}

/** Returns each name that a file imports or declares. */
function declaredIn(source: string): ReadonlySet<string> {
  const imported = [...source.matchAll(/^import (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) =>
    names.split(",").flatMap((one) => /(\w+)\s*$/.exec(one)?.[1] ?? []),
  );
  const declared = [...source.matchAll(/\b(?:const|let|function|interface|type|class) (\w+)/g)].map(
    ([, one = ""]) => one,
  );
  return new Set([...imported, ...declared]);
}
