import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { runFolderAt } from "../project/folders.ts";
import { numberWithin, wholeNumber } from "./option-values.ts";

interface Options {
  readonly out?: string;
  readonly images: number;
  readonly watch?: true;
  readonly port: number;
}

const EXAMPLES = `
Examples:
  $ mlan report runs/my-experiment                     writes runs/my-experiment/report.html
  $ mlan report runs/my-experiment --watch             serves the page, and reloads it while the run continues
  $ mlan report runs/language runs/vision --out page.html     several runs on one page

The page is one file that can be opened without a network. This command needs @mlan/report.
`;

export function addReportCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("report")
    .description("Write the results, costs, curves and answers of a run or study as an HTML page.")
    .argument("<folder...>", "run folders, or the folder of a study")
    .option("--out <file>", "the file to write (default: report.html in the first folder)")
    .option(
      "--images <megabytes>",
      "maximum total size of the images on the page, in MB of 10^6 bytes",
      numberWithin(0, 500),
      8,
    )
    .option("--watch", "serve the page on this machine until Ctrl-C, and reload it whenever the run has new results")
    .option("--port <number>", "port for --watch; 0 picks a free one", wholeNumber(0), 0)
    .addHelpText("after", EXAMPLES)
    .action(async (paths: readonly string[], { out, images, watch, port }: Options) => {
      const { watchReport, writeReport } = await import("../work/report.ts");
      const request = { folders: await Promise.all(paths.map(runFolderAt)), imageBytes: images * 1e6 };
      if (watch) finish(await watchReport({ ...request, port }, terminal));
      else terminal.print(await writeReport({ ...request, ...(out !== undefined && { out }) }));
    });
}
