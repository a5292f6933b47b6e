import { type Command, Option } from "commander";
import type { CommandContext } from "./command-context.ts";
import type { MemoryOptions } from "../work/memory.ts";
import { weightFormatOption } from "./model-options.ts";
import { gigabytes, wholeNumber } from "./option-values.ts";

interface Options extends Omit<MemoryOptions, "rank" | "weightFormat"> {
  readonly adapterRank: number;
  readonly weightFormat?: MemoryOptions["weightFormat"];
}

const EXAMPLES = `
Examples:
  $ mlan memory                                             Llama 2 7B with CLIP ViT-L/14-336, one conversation of 2048 tokens
  $ mlan memory --config vicuna-7b/config.json --rows 8 --images 8 --micro-batches 8
  $ mlan memory --memory 24 --length 1024                   for a smaller GPU
  $ mlan memory --weight-format int4 --adapter-rank 64      an adapter on frozen weights in 4 bits

Predicts the peak size of all tensors during training, without loading anything. The prediction is for the tensorflow
backend. With a --weight-format or --moment-precision other than float32, it is for the onnx backend, and includes the
gradients that onnx keeps from step to step, but not the memory that onnx reserves for later use. mlan plan
also includes that memory.

Needs @mlan/model-llava, which is installed with @mlan/model-llama2, -vicuna or -qwen2.
`;

export function addMemoryCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("memory")
    .description("Predict the GPU memory that training needs.")
    .option("--config <file>", "config.json of a Llama or LLaVA checkpoint (default: the sizes of Llama 2 7B)")
    .option("--rows <number>", "number of conversations per micro-batch", wholeNumber(1), 1)
    .option(
      "--length <number>",
      "length of the longest conversation in tokens, counting each image patch as a token",
      wholeNumber(1),
      2048,
    )
    .option("--images <number>", "number of images per micro-batch", wholeNumber(0), 1)
    .option(
      "--micro-batches <number>",
      "number of micro-batches whose gradients are accumulated in each step",
      wholeNumber(1),
      1,
    )
    .option(
      "--adapter-rank <number>",
      "rank of the low-rank adapter; affects only the adapter-training lines of the output",
      wholeNumber(1),
      128,
    )
    .addOption(weightFormatOption())
    .addOption(
      new Option("--moment-precision <name>", "precision of AdamW's moments")
        .choices(["float32", "bfloat16", "int8"])
        .default("float32"),
    )
    .option("--memory <gigabytes>", "memory of the GPU in GB (10^9 bytes)", gigabytes, 80)
    .addHelpText("after", EXAMPLES)
    .action(async ({ adapterRank: rank, weightFormat = "float32", ...options }: Options) => {
      const { memoryLines } = await import("../work/memory.ts");
      terminal.print((await memoryLines({ ...options, rank, weightFormat }, terminal.columns())).join("\n"));
    });
}
