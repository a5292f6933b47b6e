import type { Command } from "commander";
import { Option } from "commander";
import type { ServeRequest } from "../work/serve-model.ts";
import type { CommandContext } from "./command-context.ts";
import { withModelOptions } from "./model-options.ts";
import { namedCheckpoint, numberWithin, wholeNumber } from "./option-values.ts";

type Options = Omit<ServeRequest, "checkpoint">;

const EXAMPLES = `
Examples:
  $ mlan serve ./llava-7b
  $ mlan serve ./llava-7b --adapters "math=runs/math/checkpoints/tune/step-000200/model" "code=./code-lora"
  $ MLAN_API_KEY=secret mlan serve ./llava-7b --host 0.0.0.0 --port 80 --name llava

OpenAI clients connect to http://127.0.0.1:8000/v1 and send images as data URLs. Ctrl-C finishes the answers that have
begun and exits; a second Ctrl-C exits at once.
`;

export function addServeCommand(program: Command, { terminal, finish }: CommandContext): void {
  withModelOptions(program.command("serve"))
    .description("Serve a model through an OpenAI-compatible chat completions API.")
    .option("--name <name>", "model name that clients use (default: the last part of the checkpoint's path)")
    .option(
      "--adapters <name=checkpoint...>",
      "low-rank adapters for the checkpoint; a client chooses one by sending its name as the model",
      namedCheckpoint,
    )
    .option(
      "--host <address>",
      "address to listen on; the default accepts connections from this machine only",
      "127.0.0.1",
    )
    .option("--port <number>", "port to listen on; 0 picks a free one", wholeNumber(0), 8000)
    .addOption(new Option("--api-key <key>", "key that clients must send").env("MLAN_API_KEY"))
    .option("--batch-size <number>", "maximum number of requests answered in one batch (default: 8)", wholeNumber(1))
    .option(
      "--max-tokens <number>",
      "maximum new tokens per answer (default: half of the context length, at most 2048)",
      wholeNumber(1),
    )
    .option("--max-images <number>", "maximum number of images per request (default: 8)", wholeNumber(0))
    .option(
      "--max-body <megabytes>",
      "maximum size of a request body, in MB of 10^6 bytes (default: 33.6)",
      numberWithin(0, 2000, true),
    )
    .option(
      "--max-bodies <megabytes>",
      "maximum total size of the bodies of unanswered requests, in MB (default: 8 times --max-body)",
      numberWithin(0, 16_000, true),
    )
    .option(
      "--max-batches <number>",
      "maximum number of batches in progress; they take turns, one token at a time (default: 2)",
      wholeNumber(1),
    )
    .option(
      "--max-waiting <number>",
      "maximum number of answers that are waiting or in progress (default: 256)",
      wholeNumber(1),
    )
    .option(
      "--timeout <seconds>",
      "maximum time per request, including waiting, in seconds (default: 600)",
      numberWithin(0, 1e6, true),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (checkpoint: string, options: Options) => {
      const { serveModel } = await import("../work/serve-model.ts");
      finish(await serveModel({ checkpoint, ...options }, terminal));
    });
}
