import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The address of a package's module as the user's project has it, or, with `through`, as a package of the project has
 * it among its dependencies; undefined when it is not installed.
 */
export function locateInProject(packageName: string, through?: string): string | undefined {
  try {
    const project = createRequire(join(process.cwd(), "mlan.js"));
    const from =
      through === undefined
        ? project
        : createRequire(join(dirname(project.resolve(`${through}/package.json`)), "mlan.js"));
    return pathToFileURL(from.resolve(packageName)).href;
  } catch {
    return undefined;
  }
}
