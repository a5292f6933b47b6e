import { type Experiment, isExperiment, MlanError } from "@mlan/core";
import { isFile, loadFile } from "./load-file.ts";

/**
 * Imports an experiment file, TypeScript or JavaScript, and returns its default export. Throws `invalid-options` when
 * there is no file or no experiment in it, `missing-plugin` with what to do when it imports a package that is not
 * installed.
 */
export async function loadExperiment(path: string): Promise<Experiment> {
  if (/\.\w+$/.test(path) && !isFile(path)) {
    throw new MlanError(
      "invalid-options",
      `${path} is no TypeScript or JavaScript file. An experiment is written in one.`,
    );
  }
  const { defaults, named } = await loadFile(path);
  const found = defaults.find(isExperiment);
  if (found) return found;
  const [name] = [...named].find(([, value]) => isExperiment(value)) ?? [];
  const what = defaults.length === 0 ? "nothing as its default" : "something else than an experiment";
  throw new MlanError(
    "invalid-options",
    name === undefined
      ? `${path} exports ${what}. End it with: export default experiment({ name, use, stages });`
      : `${path} exports its experiment as ${name}. End it with: export default ${name};`,
  );
}
