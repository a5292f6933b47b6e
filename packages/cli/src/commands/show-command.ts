import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { runFolderAt } from "../project/folders.ts";

const EXAMPLES = `
Examples:
  $ mlan show runs/my-experiment              a finished run, or one that is still running
  $ mlan show runs/my-experiment > table.txt
  $ mlan show runs/my-experiment --json | jq '.results[] | {model, benchmark, metrics}'
`;

export function addShowCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("show")
    .description("Print the results, costs and loss curves of a run.")
    .argument("<folder>", "the run folder")
    .option("--json", "print results, comparisons, costs, curves, warnings and provenance as one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { json = false }: { readonly json?: boolean }) => {
      if (json) {
        const { viewOf } = await import("@mlan/run-view");
        terminal.print(JSON.stringify(await viewOf(await runFolderAt(folder)), null, 2));
        return;
      }
      const { showRun } = await import("../work/show.ts");
      terminal.print((await showRun(await runFolderAt(folder), terminal.columns())).join("\n"));
    });
}
