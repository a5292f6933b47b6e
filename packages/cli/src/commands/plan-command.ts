import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { folderAt } from "../project/folders.ts";
import { isStudy } from "@mlan/study";
import { gigabytes } from "./option-values.ts";
import { addSelectionOptions, onlyForStudies, selectionOf, type SelectionOptions } from "./study-options.ts";

interface Options extends SelectionOptions {
  readonly folder?: string;
  readonly memory?: number;
  readonly measure?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan plan experiment.ts                 predicts what each stage needs, and whether it fits on this machine
  $ mlan plan experiment.ts --memory 24     predicts for a machine or a GPU with 24 GB
  $ mlan plan experiment.ts --measure       also estimates how long training takes; saves nothing
  $ mlan plan experiment.ts --json | jq '.stages[] | {name, memory, fits}'

Reads the data, the model's configuration and the headers of its weight files. Without --measure, no weights are loaded.
The run folder is not changed. Files from the Hub may be downloaded into the cache. The exit status is 1 if a stage does
not fit, or if a run would fail before its first stage.

A study runs several variants of an experiment, called arms, with several models and seeds.
`;

export function addPlanCommand(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command("plan")
    .description("Predict the memory, disk space and steps of each stage of an experiment or a study.")
    .argument("<experiment>", "file whose default export is an experiment or a study")
    .option("--folder <folder>", "the run or study folder (default: runs/<name>)")
    .option(
      "--memory <gigabytes>",
      "memory of the machine or GPU, in GB of 10^9 bytes (default: this machine's)",
      gigabytes,
    )
    .option("--measure", "load the model and time the first two steps of each training stage")
    .option("--json", "print the plan as one JSON object");
  addSelectionOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, { folder, memory, measure = false, json = false, ...selection }: Options) => {
      const { loadExperimentOrStudy } = await import("../project/load-experiment.ts");
      const found = await loadExperimentOrStudy(file);
      const place = folderAt(folder ?? `runs/${found.name}`);
      const options = { folder: place, measure, json, ...(memory !== undefined && { memory }) };
      const only = selectionOf(selection);
      if (isStudy(found)) {
        const { planStudyRuns } = await import("../work/plan-study.ts");
        finish(await planStudyRuns({ study: found, only, ...options }, terminal));
        return;
      }
      if (only) throw onlyForStudies(file);
      const { plan } = await import("../work/plan.ts");
      finish(await plan({ experiment: found, ...options }, terminal));
    });
}
