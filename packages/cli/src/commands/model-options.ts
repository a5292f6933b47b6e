import { type Command, Option } from "commander";

/** Adds the checkpoint and the options that say how it is opened. */
export function withModelOptions(command: Command): Command {
  return command
    .argument("<checkpoint>", "folder, hub:owner/name[@revision], or a run folder to use its last checkpoint")
    .option("--model <name>", "the model plugin, e.g. vicuna (default: one that reads the checkpoint)")
    .option("--tower <checkpoint>", "vision tower, if the checkpoint has none")
    .option("--adapter <checkpoint>", "low-rank adapter on the checkpoint")
    .addOption(weightFormatOption())
    .option("--template <name>", "how conversations are written, e.g. v1 (default: the checkpoint's)")
    .addOption(
      new Option("--backend <name>", "the backend that the model runs on")
        .choices(["onnx", "tensorflow"])
        .default("onnx"),
    );
}

/** How the matrices of the language model are kept in memory. */
export function weightFormatOption(): Option {
  return new Option(
    "--weight-format <name>",
    "how matrices are kept: float32, in the checkpoint's 16 bits, or rounded to 8 or 4 bits (default: float32)",
  ).choices(["float32", "stored", "int8", "int8-64", "int8-32", "int4-128", "int4", "int4-32"]);
}
