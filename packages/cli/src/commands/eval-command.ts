import { type Command, Option } from "commander";
import type { CommandContext } from "./command-context.ts";
import { folderAt } from "../project/folders.ts";
import { collect, requireOptions, wholeNumber } from "./option-values.ts";

interface Options {
  readonly model: string;
  readonly weights: string;
  readonly tower?: string;
  readonly benchmark: readonly string[];
  readonly backend: "onnx" | "tensorflow";
  readonly protocol?: string;
  readonly limit?: number;
  readonly evaluator: string;
  readonly batchSize?: number;
  readonly verify?: number;
  readonly featureCache?: string;
  readonly folder: string;
  readonly fresh?: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark boolq --benchmark pope
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark boolq --evaluator likelihood
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark pope --verify 64
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark ./receipts.ts --limit 100
  $ mlan eval --model llama2 --weights runs/my-experiment --benchmark boolq=./data/boolq --protocol paper

Plugins are found by name among the installed packages: the model vicuna is @mlan/model-vicuna, the benchmark boolq is
@mlan/data-boolq, the evaluator generation is @mlan/eval-generation; packages of other makers by their whole names.
A benchmark may also be a TypeScript or JavaScript file that exports one, or a function of { folder } that returns one;
./file.ts:name chooses among several exports.
For anything finer, write an experiment file whose stages only evaluate and give it to mlan run.
`;

export function addEvalCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("eval")
    .description("Ask a saved model the questions of benchmarks.")
    .option("--model <name>", "the model plugin, e.g. vicuna")
    .option("--weights <folder>", "checkpoint, or a run folder for the last one trained there")
    .option("--tower <folder>", "vision tower, where the checkpoint holds none")
    .option("--benchmark <name[=folder]>", "plugin or file, and where its data is; may be repeated", collect)
    .option("--limit <number>", "ask only the first so many questions of each benchmark", wholeNumber(1))
    .option(
      "--protocol <name>",
      "how questions are asked and judged, e.g. strict or paper (default: the benchmark's own)",
    )
    .addOption(
      new Option("--backend <name>", "what the model is computed on").choices(["onnx", "tensorflow"]).default("onnx"),
    )
    .option("--evaluator <name>", "the evaluator plugin", "generation")
    .option("--batch-size <number>", "questions answered side by side (default: the model's choice)", wholeNumber(1))
    .option("--verify <number>", "ask so many questions again alone and tell which answers change", wholeNumber(1))
    .option("--feature-cache <folder>", "keep what the frozen vision tower makes of images, for later evaluations")
    .option("--folder <folder>", "where the run is kept", "runs/eval")
    .option("--fresh", "remove what the folder holds of an earlier run")
    .addHelpText("after", EXAMPLES)
    .action(async ({ benchmark, folder, fresh = false, ...rest }: Options, command: Command) => {
      requireOptions(command, ["model", "weights", "benchmark"]);
      const { evalExperiment } = await import("../work/eval-experiment.ts");
      const { run } = await import("../work/run.ts");
      const experiment = await evalExperiment({ ...rest, benchmarks: benchmark });
      finish(await run({ experiment, folder: folderAt(folder), fresh }, terminal));
    });
}
