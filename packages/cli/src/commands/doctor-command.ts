import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

const EXAMPLES = `
Examples:
  $ mlan doctor     run it in a project's folder

Each part of a backend (a library, the compiler, a driver) is ok, missing, broken, or unused. The fixes for a missing or
broken part are shown below it. Unused means that the part is missing, but no installed package needs it. The exit
status is 0 if a backend works, and 1 otherwise. Nothing is changed.
`;

export function addDoctorCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("doctor")
    .description("Check whether the backends work on this machine, and show how to fix them.")
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const { diagnose, diagnosisLines } = await import("../work/doctor.ts");
      const diagnosis = await diagnose();
      terminal.print(diagnosisLines(diagnosis).join("\n"));
      finish(diagnosis.computes ? 0 : 1);
    });
}
