import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { folderAt } from "../project/folders.ts";

interface Options {
  readonly folder?: string;
  readonly fresh?: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan run experiment.ts                   keeps the run in runs/<its name>
  $ mlan run experiment.ts --folder runs/b   keeps it there instead
  $ mlan run experiment.ts --fresh           removes that run and begins again

Ctrl-C stops after the current step. The same command then goes on from the newest checkpoint and ends with the same
weights as a run that was never stopped. Results go to standard output, progress to standard error.
`;

export function addRunCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("run")
    .description("Run an experiment, or go on with one that was stopped.")
    .argument("<experiment>", "file whose default export is an experiment")
    .option("--folder <folder>", "where the run is kept (default: runs/<name of the experiment>)")
    .option("--fresh", "remove what the folder holds of an earlier run")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, { folder, fresh = false }: Options) => {
      // Loaded here, so that help and version come at once.
      const { loadExperiment } = await import("../project/load-experiment.ts");
      const { run } = await import("../work/run.ts");
      const experiment = await loadExperiment(file);
      finish(await run({ experiment, folder: folderAt(folder ?? `runs/${experiment.name}`), fresh }, terminal));
    });
}
