import { type Experiment, isExperiment, MlanError } from "@mlan/core";
import { isStudy, type Study } from "@mlan/study";
import { isFile, loadFile } from "./load-file.ts";

/**
 * Imports an experiment file, TypeScript or JavaScript, and returns its default export. Throws `invalid-options` when
 * the file does not exist or exports no experiment, and `missing-plugin`, with the remedy, when it imports a package
 * that is not installed.
 */
export async function loadExperiment(path: string): Promise<Experiment> {
  const found = await loadExperimentOrStudy(path);
  if (isExperiment(found)) return found;
  throw new MlanError("invalid-options", `${path} exports a study. Give a file that exports an experiment.`);
}

/** Like {@link loadExperiment}, for a file that exports an experiment or a study. */
export async function loadExperimentOrStudy(path: string): Promise<Experiment | Study> {
  if (/\.\w+$/.test(path) && !isFile(path)) {
    throw new MlanError(
      "invalid-options",
      `${path} is not a TypeScript or JavaScript file. Write the experiment in one.`,
    );
  }
  const { defaults, named } = await loadFile(path);
  const found = defaults.find(isEither);
  if (found) return found;
  const [name, value] = [...named].find(([, one]) => isEither(one)) ?? [];
  const problem = defaults.length === 0 ? "has no default export" : "does not export an experiment as its default";
  throw new MlanError(
    "invalid-options",
    name === undefined
      ? `${path} ${problem}. End it with: export default experiment({ name, use, stages });`
      : `${path} exports its ${isStudy(value) ? "study" : "experiment"} as ${name}, not as its default. End it with: export default ${name};`,
  );
}

function isEither(value: unknown): value is Experiment | Study {
  return isExperiment(value) || isStudy(value);
}
