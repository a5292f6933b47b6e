import { type Experiment, isExperiment, MlanError } from "@mlan/core";
import { isFile, loadFile } from "./load-file.ts";

/**
 * Imports an experiment file, TypeScript or JavaScript, and returns its default export. Throws `invalid-options` when
 * the file does not exist or exports no experiment, and `missing-plugin`, with the remedy, when it imports a package
 * that is not installed.
 */
export async function loadExperiment(path: string): Promise<Experiment> {
  if (/\.\w+$/.test(path) && !isFile(path)) {
    throw new MlanError(
      "invalid-options",
      `${path} is not a TypeScript or JavaScript file. Write the experiment in one.`,
    );
  }
  const { defaults, named } = await loadFile(path);
  const found = defaults.find(isExperiment);
  if (found) return found;
  const [name] = [...named].find(([, value]) => isExperiment(value)) ?? [];
  const problem = defaults.length === 0 ? "has no default export" : "does not export an experiment as its default";
  throw new MlanError(
    "invalid-options",
    name === undefined
      ? `${path} ${problem}. End it with: export default experiment({ name, use, stages });`
      : `${path} exports its experiment as ${name}, not as its default. End it with: export default ${name};`,
  );
}
