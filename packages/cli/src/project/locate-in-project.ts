import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Returns the URL of a package's module. Undefined when the package is not installed. The name is resolved from the
 * user's project, or from the project's package `through`.
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
