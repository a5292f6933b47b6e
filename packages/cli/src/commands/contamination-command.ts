import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { runFolderAt } from "../project/folders.ts";
import { wholeNumber } from "./option-values.ts";

interface Options {
  readonly run?: string;
  readonly show: number;
}

const EXAMPLES = `
Examples:
  $ mlan contamination experiment.ts                            prints benchmark questions found in the training data
  $ mlan contamination experiment.ts --run runs/my-experiment   also prints the run's scores without these questions

Searches the data of every training stage for the text of each question (the whole text, or 13 consecutive words) and
for its images (the same file, or an image that looks the same). Needs @mlan/eval-contamination.
`;

export function addContaminationCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("contamination")
    .description("Find benchmark questions in the training data.")
    .argument("<experiment>", "the experiment file")
    .option(
      "--run <folder>",
      "a run of the experiment, whose scores are printed with and without the questions that were found",
    )
    .option("--show <number>", "number of findings to print per benchmark", wholeNumber(0), 3)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, { run, show }: Options) => {
      // Imported here, so that --help and --version start fast.
      const { loadExperiment } = await import("../project/load-experiment.ts");
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
