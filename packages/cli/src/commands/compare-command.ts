import { type Command, Option } from "commander";
import type { AllowedDifference } from "@mlan/eval-compare";
import type { CommandContext } from "./command-context.ts";

interface Options {
  readonly allow?: readonly AllowedDifference[];
}

const EXAMPLES = `
Examples:
  $ mlan compare runs/language runs/vision                                 the last evaluations of two runs
  $ mlan compare runs/mine:aligned runs/mine:tuned --allow prompts         two stages of one run

Questions are matched by id. Runs with different questions, prompts or protocols are compared only if you permit the
difference with --allow. For example, the prompts of an untuned base model and a tuned model differ by design.
`;

export function addCompareCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("compare")
    .description("Compare two evaluations question by question.")
    .argument("<first>", "a run folder, or folder:stage")
    .argument("<second>", "another run folder, or folder:stage; differences are second minus first")
    .addOption(
      new Option("--allow <what...>", "differences to allow between the two evaluations").choices([
        "questions",
        "prompts",
        "protocol",
      ]),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (first: string, second: string, { allow = [] }: Options) => {
      const { compareRuns } = await import("../work/compare.ts");
      terminal.print((await compareRuns(first, second, allow)).join("\n"));
    });
}
