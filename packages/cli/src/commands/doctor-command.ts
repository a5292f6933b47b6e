import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

const EXAMPLES = `
Examples:
  $ mlan doctor     in the folder of a project

States: ok; missing or broken, with the command that mends it; unused, where nothing that is installed needs it. The exit
status is 0 when a backend computes, and 1 when none does. Nothing is changed.
`;

export function addDoctorCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("doctor")
    .description("Tell what the backends need here, what is missing, and what mends it.")
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const { diagnose, diagnosisLines } = await import("../work/doctor.ts");
      const diagnosis = await diagnose();
      terminal.print(diagnosisLines(diagnosis).join("\n"));
      finish(diagnosis.computes ? 0 : 1);
    });
}
