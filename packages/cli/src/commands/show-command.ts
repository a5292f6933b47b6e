import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { runFolderAt } from "../project/folders.ts";

const EXAMPLES = `
Examples:
  $ mlan show runs/my-experiment              prints a run, finished or not
  $ mlan show runs/my-study                   prints each arm of a study, averaged over seeds
  $ mlan show runs/my-experiment > table.txt
  $ mlan show runs/my-experiment --json | jq '.results[] | {model, benchmark, metrics}'
`;

export function addShowCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("show")
    .description("Print the results, costs and loss curves of a run, or the results of a study.")
    .argument("<folder>", "the folder of a run or a study")
    .option("--json", "print results, comparisons, costs, curves, warnings and provenance as one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { json = false }: { readonly json?: boolean }) => {
      const { show, showAsJson } = await import("../work/show.ts");
      const place = await runFolderAt(folder);
      const { text, isComplete } = json ? await showAsJson(place) : await show(place, terminal.columns());
      terminal.print(text);
      if (!isComplete) finish(1);
    });
}
