import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { folderAt } from "../project/folders.ts";

interface Options {
  readonly folder?: string;
  readonly fresh?: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan run experiment.ts                   keeps the run in runs/<name of the experiment>
  $ mlan run experiment.ts --folder runs/b   keeps it in runs/b instead
  $ mlan run experiment.ts --fresh           removes that run and starts over

Ctrl-C stops after the current step. The same command then resumes from the newest checkpoint and produces the same
weights as a run without interruption. Results go to standard output, progress to standard error.
`;

export function addRunCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("run")
    .description("Run an experiment, or resume one that was stopped.")
    .argument("<experiment>", "file whose default export is an experiment")
    .option("--folder <folder>", "the run folder (default: runs/<name of the experiment>)")
    .option("--fresh", "remove an earlier run from the folder first")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, { folder, fresh = false }: Options) => {
      // Imported here, so that --help and --version start fast.
      const { loadExperiment } = await import("../project/load-experiment.ts");
      const { run } = await import("../work/run.ts");
      const experiment = await loadExperiment(file);
      finish(await run({ experiment, folder: folderAt(folder ?? `runs/${experiment.name}`), fresh }, terminal));
    });
}
