import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { folderAt } from "../project/folders.ts";
import { gigabytes } from "./option-values.ts";

interface Options {
  readonly folder?: string;
  readonly memory?: number;
  readonly measure?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan plan experiment.ts                 what each stage needs, and whether it fits on this machine
  $ mlan plan experiment.ts --memory 24     the same for a machine or a GPU with 24 GB
  $ mlan plan experiment.ts --measure       also how long training will take; nothing is saved
  $ mlan plan experiment.ts --json | jq '.stages[] | {name, memory, fits}'

Reads the data, the model's configuration and the headers of its weight files. Without --measure, no weights are loaded.
The run folder is not touched; files from the Hub may be cached. The exit status is 1 if a stage does not fit, or if a run would fail before its first stage.
`;

export function addPlanCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("plan")
    .description("Predict the memory, disk space and steps of each stage of an experiment.")
    .argument("<experiment>", "file whose default export is an experiment")
    .option("--folder <folder>", "the run folder (default: runs/<name of the experiment>)")
    .option(
      "--memory <gigabytes>",
      "memory of the machine or GPU, in GB of 10^9 bytes (default: this machine's)",
      gigabytes,
    )
    .option("--measure", "load the model and time the first two steps of each training stage")
    .option("--json", "print the plan as one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, { folder, memory, measure = false, json = false }: Options) => {
      const { loadExperiment } = await import("../project/load-experiment.ts");
      const { plan } = await import("../work/plan.ts");
      const experiment = await loadExperiment(file);
      const place = folderAt(folder ?? `runs/${experiment.name}`);
      finish(
        await plan({ experiment, folder: place, measure, json, ...(memory !== undefined && { memory }) }, terminal),
      );
    });
}
