import { type Command, Option } from "commander";
import type { ModelParts } from "../project/model-parts.ts";
import type { CommandContext } from "./command-context.ts";
import { folderAt } from "../project/folders.ts";
import { templateOption, weightFormatOption } from "./model-options.ts";
import { collect, requireOptions, wholeNumber } from "./option-values.ts";

interface Options extends ModelParts {
  readonly model: string;
  readonly endpoint?: string;
  readonly server?: string;
  readonly concurrency?: number;
  readonly weights?: string;
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
  /** Whether to check the memory before the evaluation; false with --no-plan. */
  readonly plan: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark boolq --benchmark pope
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark boolq --evaluator likelihood
  $ mlan eval --model vicuna --weights hub:lmsys/vicuna-7b-v1.5 --benchmark boolq
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark pope --verify 64
  $ mlan eval --model vicuna --weights ./llava-7b --benchmark ./receipts.ts --limit 100
  $ mlan eval --model llama2 --weights runs/my-experiment --benchmark boolq=./data/boolq --protocol paper
  $ mlan eval --endpoint http://127.0.0.1:8000/v1 --server vllm --model llava-hf/llava-1.5-7b-hf --benchmark pope

With --endpoint, an OpenAI-compatible server runs the model, and --model is its name on that server. This needs
@mlan/model-endpoint. If the server requires a key, set the environment variable MLAN_ENDPOINT_API_KEY.

Plugins are found by name among the installed packages: the model vicuna is @mlan/model-vicuna, the benchmark boolq is
@mlan/data-boolq, the evaluator generation is @mlan/eval-generation. For any other package, write its full name.
A benchmark may also be a TypeScript or JavaScript file that exports a benchmark, or a function that takes { folder }
and returns one. If a file has several such exports, write ./file.ts:name.
For more control, write an experiment file that has only evaluate stages, and run it with mlan run.
`;

/** Names of the options that apply only to a model on this machine. */
const LOCAL = ["weights", "tower", "adapter", "weightFormat", "template", "backend", "batchSize", "featureCache"];

export function addEvalCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("eval")
    .description("Evaluate a saved model, or a model on a server, on benchmarks.")
    .option("--model <name>", "the model plugin, e.g. vicuna; with --endpoint, the model's name on the server")
    .addOption(
      new Option(
        "--endpoint <url>",
        "base URL of an OpenAI-compatible server that runs the model, e.g. http://127.0.0.1:8000/v1",
      ).conflicts(LOCAL),
    )
    .addOption(
      new Option("--server <name>", "kind of server at --endpoint (default: generic)").choices([
        "generic",
        "openai",
        "vllm",
        "llama.cpp",
      ]),
    )
    .option("--concurrency <number>", "maximum number of parallel requests to --endpoint (default: 8)", wholeNumber(1))
    .option(
      "--weights <checkpoint>",
      "folder, hub:owner/name[@revision], or a run folder to use its last checkpoint (default: the model plugin's checkpoint on the Hub)",
    )
    .option("--tower <checkpoint>", "vision tower, if the checkpoint has none: a folder or hub:owner/name[@revision]")
    .option("--adapter <checkpoint>", "low-rank adapter (LoRA) to apply: a folder or hub:owner/name[@revision]")
    .addOption(weightFormatOption())
    .addOption(templateOption())
    .option(
      "--benchmark <name[=folder]>",
      "benchmark plugin or file, optionally with the folder of its data; may be repeated",
      collect,
    )
    .option("--limit <number>", "ask only the first <number> questions of each benchmark", wholeNumber(1))
    .option(
      "--protocol <name>",
      "how questions are asked and scored, e.g. strict or paper (default: the benchmark's default protocol)",
    )
    .addOption(
      new Option("--backend <name>", "the backend that the model runs on")
        .choices(["onnx", "tensorflow"])
        .default("onnx"),
    )
    .option("--evaluator <name>", "the evaluator plugin, e.g. generation or likelihood", "generation")
    .option("--batch-size <number>", "questions per batch (default: the model's choice)", wholeNumber(1))
    .option(
      "--verify <number>",
      "ask <number> questions again, one at a time, and report the answers that change",
      wholeNumber(1),
    )
    .option(
      "--feature-cache <folder>",
      "folder that caches image features for later evaluations with the same vision tower",
    )
    .option("--folder <folder>", "the run folder", "runs/eval")
    .option("--fresh", "replace an earlier run in the folder")
    .option("--no-plan", "evaluate even if the predicted memory exceeds this machine's memory")
    .addHelpText("after", EXAMPLES)
    .action(async ({ benchmark, folder, fresh = false, plan, ...given }: Options, command: Command) => {
      requireOptions(command, ["model", "benchmark"]);
      const { endpoint: baseURL, server, concurrency, ...rest } = given;
      if (server !== undefined || concurrency !== undefined) requireOptions(command, ["endpoint"]);
      const options = { ...(server !== undefined && { server }), ...(concurrency !== undefined && { concurrency }) };
      const endpoint = baseURL === undefined ? undefined : { baseURL, ...options };
      const { evalExperiment } = await import("../work/eval-experiment.ts");
      const { run } = await import("../work/run.ts");
      const experiment = await evalExperiment({ ...rest, ...(endpoint && { endpoint }), benchmarks: benchmark });
      finish(await run({ experiment, folder: folderAt(folder), fresh, checkMemory: plan }, terminal));
    });
}
