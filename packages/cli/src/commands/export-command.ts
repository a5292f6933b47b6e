import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExportRequest } from "../work/export.ts";
import type { CommandContext } from "./command-context.ts";
import { templateOption } from "./model-options.ts";
import { requireOptions } from "./option-values.ts";

type Options = Omit<ExportRequest, "checkpoint">;

const EXAMPLES = `
Examples:
  $ mlan export runs/mine --to mine --layout hf --dtype bfloat16     for transformers, vLLM and others
  $ mlan export runs/mine/checkpoints/tune/step-000200 --to mine     the checkpoint of an earlier step
  $ mlan export vicuna-7b --tower clip --to llava --shard-size 2GB

A training stage saves only the weights that it trained, and refers to the others. This command writes all weights. It
holds only one tensor in memory at a time. Files of an earlier model in the folder are replaced; other files stay.
`;

export function addExportCommand(program: Command, { terminal }: CommandContext): void {
  const command = program.command("export");
  command
    .description("Write a complete model to a folder, for mlan or other libraries.")
    .argument("<checkpoint>", "folder, hub:owner/name[@revision], or a run folder (its last checkpoint is used)")
    .option("--to <folder>", "the folder to write")
    .addOption(
      new Option(
        "--layout <name>",
        "tensor names and configuration: llava for LLaVA's own code, hf for Hugging Face transformers",
      )
        .choices(["llava", "hf"])
        .default("llava"),
    )
    .addOption(
      new Option("--dtype <name>", "data type of the weights")
        .choices(["float32", "bfloat16", "float16"])
        .default("float32"),
    )
    .addOption(
      new Option("--shard-size <size>", "maximum size of each weight file, e.g. 2GB or 500MB")
        .argParser(bytes)
        .default(5e9, "5GB"),
    )
    .option("--model <name>", "the model plugin, e.g. vicuna (default: an installed one that can read the checkpoint)")
    .option("--tower <checkpoint>", "vision tower, if the checkpoint has none")
    .addOption(templateOption())
    .addHelpText("after", EXAMPLES)
    .action(async (checkpoint: string, options: Options) => {
      requireOptions(command, ["to"]);
      const { exportModel } = await import("../work/export.ts");
      terminal.print(await exportModel({ checkpoint, ...options }));
    });
}

const UNITS: Readonly<Record<string, number>> = { "": 1, KB: 1e3, MB: 1e6, GB: 1e9 };

function bytes(value: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?) ?([KMG]B)?$/i.exec(value) ?? [];
  const size = Math.floor(Number(number) * (UNITS[unit.toUpperCase()] ?? NaN));
  if (number !== "" && size > 0) return size;
  throw new InvalidArgumentError("It must be a number of bytes, such as 2GB or 500MB.");
}
