import { MlanError } from "@mlan/core";
import { isStudy, isStudyFolder, usefulProcesses } from "@mlan/study";
import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { typedCommand } from "../project/command-name.ts";
import { displayPath, folderAt } from "../project/folders.ts";
import { wholeNumber } from "./option-values.ts";
import { addSelectionOptions, onlyForStudies, selectionOf, type SelectionOptions } from "./study-options.ts";

interface Options extends SelectionOptions {
  readonly folder?: string;
  readonly fresh?: boolean;
  readonly dryRun?: boolean;
  readonly parallel?: number;
  /** Whether memory is checked before the run; false with --no-plan. */
  readonly plan: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan run experiment.ts                   writes to runs/<name of the experiment>
  $ mlan run experiment.ts --folder runs/b   writes to runs/b instead
  $ mlan run experiment.ts --fresh           replaces the earlier run
  $ mlan run study.ts --dry-run              predicts what the runs of a study need, and shows which stages they share
  $ mlan run study.ts --parallel 4           runs a study in four processes
  $ mlan run study.ts --arm mlan --seed 1    runs one arm of a study with one seed

Ctrl-C stops after the current step. The same command then resumes from the newest checkpoint and produces the same
weights as an uninterrupted run. Results go to standard output, progress to standard error.

A study runs several variants of an experiment, called arms, with several models and seeds. Each of its runs has a folder,
runs/<name of the study>/<model>/<arm>/seed-<seed>. A failed run does not stop the others. Run the same command again to
repeat failed runs and changed stages. The exit status is 1 if a run failed.
`;

export function addRunCommand(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command("run")
    .description("Run an experiment or a study, or resume one that was interrupted.")
    .argument("<experiment>", "file whose default export is an experiment or a study")
    .option("--folder <folder>", "the run or study folder (default: runs/<name>)")
    .option("--fresh", "replace an earlier run in the folder")
    .option("--dry-run", "print what mlan plan would print, and run nothing");
  addSelectionOptions(command)
    .option("--parallel <processes>", "number of processes that share the runs of a study (default: 1)", wholeNumber(1))
    .option("--no-plan", "run stages even if they are predicted to need more memory than this machine has")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: Options) => {
      const { folder, fresh = false, dryRun = false, parallel = 1, plan: checkMemory } = options;
      // Imported here, so that --help and --version start fast.
      const { loadExperimentOrStudy } = await import("../project/load-experiment.ts");
      const found = await loadExperimentOrStudy(file);
      const place = folderAt(folder ?? `runs/${found.name}`);
      const only = selectionOf(options);
      if (isStudy(found)) {
        if (fresh) throw freshStudy();
        const study = { study: found, folder: place, only };
        const words = ["run", file, "--folder", displayPath(place), ...(checkMemory ? [] : ["--no-plan"])];
        if (dryRun) {
          const { planStudyRuns } = await import("../work/plan-study.ts");
          finish(await planStudyRuns({ ...study, processes: parallel, measure: false, json: false }, terminal));
          return;
        }
        const processes = usefulProcesses(found, { processes: parallel, ...(only && { only }) });
        if (processes > 1) {
          const { runStudyInProcesses } = await import("../work/study-processes.ts");
          finish(await runStudyInProcesses({ folder: place, only, file, checkMemory, processes }, terminal));
        } else {
          const { runWholeStudy } = await import("../work/run-study.ts");
          finish(await runWholeStudy({ ...study, checkMemory, command: typedCommand(words) }, terminal));
        }
        return;
      }
      if (only || parallel > 1) throw onlyForStudies(file);
      if (dryRun) {
        const { plan } = await import("../work/plan.ts");
        finish(await plan({ experiment: found, folder: place, measure: false, json: false }, terminal));
        return;
      }
      if (await isStudyFolder(place)) throw folderOfStudy(place);
      const { run } = await import("../work/run.ts");
      const words = ["run", file, "--folder", displayPath(place), ...(checkMemory ? [] : ["--no-plan"])];
      finish(
        await run({ experiment: found, folder: place, fresh, checkMemory, command: typedCommand(words) }, terminal),
      );
    });
}

function folderOfStudy(folder: URL): MlanError {
  const message = `${displayPath(folder)} is the folder of a study, and a run would mix its files with the study's. Give another folder with --folder.`;
  return new MlanError("run-folder", message);
}

function freshStudy(): MlanError {
  const message =
    "--fresh is only for experiments. A study replaces the runs that have changed; to run all of it again, remove its folder.";
  return new MlanError("invalid-options", message);
}
