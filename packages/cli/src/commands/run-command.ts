import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { typedCommand } from "../project/command-name.ts";
import { displayPath, folderAt } from "../project/folders.ts";

interface Options {
  readonly folder?: string;
  readonly fresh?: boolean;
  /** Whether memory is checked before the run; false with --no-plan. */
  readonly plan: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan run experiment.ts                   writes to runs/<name of the experiment>
  $ mlan run experiment.ts --folder runs/b   writes to runs/b instead
  $ mlan run experiment.ts --fresh           replaces the earlier run

Ctrl-C stops after the current step. The same command then resumes from the newest checkpoint and produces the same
weights as an uninterrupted run. Results go to standard output, progress to standard error.
`;

export function addRunCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("run")
    .description("Run an experiment, or resume one that was stopped.")
    .argument("<experiment>", "file whose default export is an experiment")
    .option("--folder <folder>", "the run folder (default: runs/<name of the experiment>)")
    .option("--fresh", "replace an earlier run in the folder")
    .option("--no-plan", "run stages even if their predicted memory exceeds this machine's")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, { folder, fresh = false, plan }: Options) => {
      // Imported here, so that --help and --version start fast.
      const { loadExperiment } = await import("../project/load-experiment.ts");
      const { run } = await import("../work/run.ts");
      const experiment = await loadExperiment(file);
      const place = folderAt(folder ?? `runs/${experiment.name}`);
      const command = typedCommand(["run", file, "--folder", displayPath(place), ...(plan ? [] : ["--no-plan"])]);
      finish(await run({ experiment, folder: place, fresh, checkMemory: plan, command }, terminal));
    });
}
