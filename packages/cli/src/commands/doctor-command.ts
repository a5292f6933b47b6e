import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

const EXAMPLES = `
Examples:
  $ mlan doctor     run it in a project's folder

Each part is ok, missing, broken, or unused. For a missing or broken part, the command that fixes it is shown; an unused part
is one that no installed package needs. The exit status is 0 when a backend works, and 1 when none does. Nothing is changed.
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
