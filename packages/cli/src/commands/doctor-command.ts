import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

const EXAMPLES = `
Examples:
  $ mlan doctor     in the folder of a project

States: ok; missing or broken, with the command that fixes it; unused, if no installed package needs it. The exit status is 0
when a backend works, and 1 when none does. The command changes nothing.
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
