import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

const EXAMPLES = `
Examples:
  $ mlan list            prints the models, trainers, evaluators, benchmarks and datasets installed in this project
  $ mlan list --json     prints the same as JSON
`;

export function addListCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("list")
    .description("List the installed plugins and the names that commands use for them.")
    .option("--json", "print a JSON array")
    .addHelpText("after", EXAMPLES)
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { installedPlugins, pluginTable } = await import("../work/list.ts");
      const plugins = await installedPlugins(process.cwd());
      terminal.print(json ? JSON.stringify(plugins, null, 2) : pluginTable(plugins).join("\n"));
    });
}
