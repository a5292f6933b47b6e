import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { runFolderAt } from "../project/folders.ts";
import { collect, wholeNumber } from "./option-values.ts";

interface Options {
  readonly experiment?: string;
  readonly benchmark?: readonly string[];
  readonly show: number;
}

const EXAMPLES = `
Examples:
  $ mlan score runs/my-experiment                          prints the scores with every extractor
  $ mlan score runs/my-experiment --show 20                prints more answers on which the extractors disagree
  $ mlan score runs/mine --experiment experiment.ts        uses the extractors of the benchmarks in an experiment file
  $ mlan score runs/mine --benchmark ./receipts.ts         uses the extractors of your own benchmark

An extractor reads the choice or value out of an answer. Extractors come from the benchmarks' plugins, such as
@mlan/data-boolq for boolq. Neither the model nor the data is needed. The exit status is 1 if answers are missing or a
benchmark could not be scored.
`;

export function addScoreCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("score")
    .description("Score the stored answers of a run again, with every extractor.")
    .argument("<folder>", "the run folder")
    .option(
      "--experiment <file>",
      "experiment file with the benchmarks that score the answers; needed if these benchmarks do not come from installed plugins",
    )
    .option(
      "--benchmark <name>",
      "package or file of a benchmark that scores the answers; needed if it is not an installed plugin; may be repeated",
      collect,
    )
    .option(
      "--show <number>",
      "for each benchmark, print up to <number> answers on which the extractors disagree",
      wholeNumber(0),
      3,
    )
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { experiment, benchmark = [], show }: Options) => {
      // Imported here, so that --help and --version start fast.
      const { loadExperiment } = await import("../project/load-experiment.ts");
      const { scoreRun } = await import("../work/score.ts");
      const { benchmarkPlugin, benchmarksOf } = await import("../project/benchmark-plugin.ts");
      const asked = experiment === undefined ? [] : benchmarksOf(await loadExperiment(experiment));
      const benchmarks = await Promise.all(benchmark.map(benchmarkPlugin));
      const { lines, problems } = await scoreRun(await runFolderAt(folder), {
        benchmarks,
        asked,
        show,
        width: terminal.columns(),
      });
      if (lines.length > 0) terminal.print(lines.join("\n"));
      for (const problem of problems) terminal.note(`${terminal.paint.red("error:")} ${problem}`);
      finish(problems.length > 0 ? 1 : 0);
    });
}
