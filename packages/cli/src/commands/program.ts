import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import type { CommandContext } from "./command-context.ts";
import { withCommandName } from "../project/command-name.ts";
import { errorText } from "../project/error-text.ts";
import { addBackendCommand } from "./backend-command.ts";
import { addChatCommand } from "./chat-command.ts";
import { addCompareCommand } from "./compare-command.ts";
import { addContaminationCommand } from "./contamination-command.ts";
import { addExportCommand } from "./export-command.ts";
import { addDoctorCommand } from "./doctor-command.ts";
import { addEvalCommand } from "./eval-command.ts";
import { addListCommand } from "./list-command.ts";
import { addMemoryCommand } from "./memory-command.ts";
import { addPlanCommand } from "./plan-command.ts";
import { addPushCommand } from "./push-command.ts";
import { addReportCommand } from "./report-command.ts";
import { addRunCommand } from "./run-command.ts";
import { addScoreCommand } from "./score-command.ts";
import { addServeCommand } from "./serve-command.ts";
import { addShowCommand } from "./show-command.ts";
import type { Terminal } from "../terminal/terminal.ts";

const EXAMPLES = `
Examples:
  $ mlan run experiment.ts          runs the stages of an experiment file
  $ mlan run experiment.ts          the same command resumes an interrupted run
  $ mlan plan experiment.ts         predicts memory, disk space and steps of an experiment
  $ mlan list                       lists the installed plugins and benchmarks
  $ mlan show runs/my-experiment    prints results, costs and loss curves of a run
  $ mlan report runs/my-experiment  writes results, costs, curves and answers of a run as an HTML page
  $ mlan compare runs/a runs/b      compares two runs, with confidence intervals
  $ mlan score runs/my-experiment   scores the stored answers of a run with every extractor
  $ mlan chat ./llava-7b            chats with a model, with or without images
  $ mlan serve ./llava-7b           serves a model through an OpenAI-compatible API
  $ mlan export runs/a --to tuned   writes the complete model, e.g. for other libraries
  $ mlan doctor                     checks the backends, and shows how to fix them
  $ mlan eval --help                shows how to evaluate without an experiment file

An experiment file is a TypeScript or JavaScript file that exports an experiment:
  import { evaluate, experiment, train } from "@mlan/core";
  export default experiment({ name: "my-experiment", use: [...plugins], stages: [...] });
`;

/**
 * Runs a command line and returns the exit status. `words` are the arguments after node and the script. Never throws.
 */
export async function mlan(words: readonly string[], terminal: Terminal): Promise<number> {
  let status = 0;
  const context: CommandContext = { terminal, finish: (exitStatus) => (status = exitStatus) };
  const program = new Command("mlan")
    .description("Tune multimodal language models on instructions that are mostly or entirely text.")
    .version(ownVersion(), "-v, --version", "print the version")
    .option("--verbose", "print errors with all details")
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      getOutHelpWidth: () => terminal.columns(),
      getErrHelpWidth: () => terminal.columns(),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("Add --help to see the arguments and options of the command.")
    .exitOverride()
    .hook("preAction", (_, command) => refuseEmptyWords(command))
    .addHelpText("after", EXAMPLES);
  const commands = [
    addRunCommand,
    addPlanCommand,
    addEvalCommand,
    addListCommand,
    addShowCommand,
    addReportCommand,
    addScoreCommand,
    addCompareCommand,
    addContaminationCommand,
    addBackendCommand,
    addExportCommand,
    addDoctorCommand,
    addMemoryCommand,
    addPushCommand,
    addChatCommand,
    addServeCommand,
  ];
  for (const add of commands) add(program, context);
  try {
    await program.parseAsync(words, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    const text = errorText(error, program.opts<{ verbose?: true }>().verbose === true);
    terminal.note(`${terminal.paint.red("error:")} ${withCommandName(text)}`);
    return 1;
  }
}

/**
 * Refuses empty values of options and arguments, which unset shell variables produce. As a path, an empty value would
 * mean the working folder.
 */
function refuseEmptyWords(command: Command): void {
  const isEmpty = (value: unknown): boolean =>
    [value].flat().some((word) => typeof word === "string" && word.trim() === "");
  for (const option of command.options) {
    if (!isEmpty(command.getOptionValue(option.attributeName()))) continue;
    command.error(
      `error: option '${option.flags}' has an empty value; write a value after it, or leave out the option`,
    );
  }
  for (const [index, argument] of command.registeredArguments.entries()) {
    if (isEmpty(command.processedArgs[index])) command.error(`error: argument '${argument.name()}' is empty`);
  }
}

function ownVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return version;
}
