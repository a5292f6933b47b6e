import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { folderAt } from "./folders.ts";

const EXAMPLES = `
Examples:
  $ mlan show runs/my-experiment              of a finished run, or of one under way
  $ mlan show runs/my-experiment > table.txt
`;

export function addShowCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("show")
    .description("Print results, costs and loss curves of a run.")
    .argument("<folder>", "the folder that the run was kept in")
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string) => {
      const { showRun } = await import("./show.ts");
      terminal.print((await showRun(folderAt(folder), terminal.columns())).join("\n"));
    });
}
