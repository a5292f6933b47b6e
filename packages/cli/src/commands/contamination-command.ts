import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { runFolderAt } from "../project/folders.ts";
import { loadExperiment } from "../project/load-experiment.ts";
import { wholeNumber } from "./option-values.ts";

interface Options {
  readonly run?: string;
  readonly show: number;
}

const EXAMPLES = `
Examples:
  $ mlan contamination experiment.ts                            what of the benchmarks stands in the training data
  $ mlan contamination experiment.ts --run runs/my-experiment   and the scores on the part that does not

Looks for the questions' texts (whole, or 13 words in a row) and images (same file, or same picture) in the data of every
training stage of the experiment. Needs @mlan/eval-contamination.
`;

export function addContaminationCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("contamination")
    .description("Look for questions of the benchmarks in the training data.")
    .argument("<experiment>", "the experiment file")
    .option("--run <folder>", "a run of the experiment, to be scored on all and on the clean questions")
    .option("--show <number>", "findings to print of each benchmark", wholeNumber(0), 3)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, { run, show }: Options) => {
      const { findContamination } = await import("../work/contamination.ts");
      const experiment = await loadExperiment(file);
      const folder = run === undefined ? undefined : await runFolderAt(run);
      const { lines, problems } = await findContamination(experiment, { folder, show, terminal });
      terminal.print(lines.join("\n"));
      terminal.redraw(undefined);
      for (const problem of problems) terminal.note(`${terminal.paint.red("error:")} ${problem}`);
      finish(problems.length > 0 ? 1 : 0);
    });
}
