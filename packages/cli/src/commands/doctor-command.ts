import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

const EXAMPLES = `
Examples:
  $ mlan doctor     run it in a project's folder

Each part is ok, missing, broken, or unused. If a missing or broken part has a known fix, it is shown. An unused part
is missing but not needed at present. The exit status is 0 when a backend works, and 1 when none does. Nothing is changed.
`;

export function addDoctorCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("doctor")
    .description("Check whether the backends work here, and show how to fix what is missing.")
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const { diagnose, diagnosisLines } = await import("../work/doctor.ts");
      const diagnosis = await diagnose();
      terminal.print(diagnosisLines(diagnosis).join("\n"));
      finish(diagnosis.computes ? 0 : 1);
    });
}
