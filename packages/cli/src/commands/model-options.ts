import { type Command, Option } from "commander";

/** Adds the argument for a checkpoint, and the options for opening the checkpoint. */
export function withModelOptions(command: Command): Command {
  return command
    .argument("<checkpoint>", "folder, hub:owner/name[@revision], or a run folder (its last checkpoint is used)")
    .option("--model <name>", "the model plugin, e.g. vicuna (default: an installed one that can read the checkpoint)")
    .option("--tower <checkpoint>", "vision tower, if the checkpoint has none")
    .option("--adapter <checkpoint>", "low-rank adapter (LoRA) to apply to the checkpoint")
    .addOption(weightFormatOption())
    .addOption(templateOption())
    .addOption(
      new Option("--backend <name>", "the backend that the model runs on")
        .choices(["onnx", "tensorflow"])
        .default("onnx"),
    );
}

export function templateOption(): Option {
  return new Option("--template <name>", "conversation template, e.g. v1 (default: the checkpoint's)");
}

/** Returns the option for the language model's weight format in memory. */
export function weightFormatOption(): Option {
  return new Option(
    "--weight-format <name>",
    "format of the language model's weights in memory: float32 (the default), stored (16 bits, as in the checkpoint), or quantized to int8 or int4 (in int8-128, 128 values share a scale; in plain int8, 64 do)",
  ).choices(["float32", "stored", "int8-128", "int8", "int8-32", "int4-128", "int4", "int4-32"]);
}
