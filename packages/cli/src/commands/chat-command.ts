import type { Command } from "commander";
import type { ChatRequest } from "../work/chat.ts";
import type { CommandContext } from "./command-context.ts";
import { withModelOptions } from "./model-options.ts";
import { collect, numberWithin, wholeNumber } from "./option-values.ts";

type Options = Omit<ChatRequest, "checkpoint">;

const EXAMPLES = `
Examples:
  $ mlan chat ./llava-7b --image photo.jpg
  $ mlan chat ./vicuna-7b --template v1 --temperature 0.7 --top-p 0.9
  $ echo "What is this?" | mlan chat ./llava-7b --image photo.jpg > answer.txt

Each line is a message. Ctrl-C stops an answer; between answers, Ctrl-C or the end of the input ends the chat.
  /image <file>    sends an image with the next message
  /system <text>   changes the system prompt; without text, restores the template's
  /reset           starts a new conversation
  /help            lists these commands
`;

export function addChatCommand(program: Command, { terminal, finish }: CommandContext): void {
  withModelOptions(program.command("chat"))
    .description("Chat with a model, with or without images.")
    .option("--image <file>", "image for the first message; may be repeated", collect)
    .option("--system <text>", "system prompt (default: the template's)")
    .option(
      "--max-tokens <number>",
      "maximum new tokens per answer (default: 512, or a quarter of the context length if that is less)",
      wholeNumber(1),
    )
    .option(
      "--temperature <number>",
      "randomness of answers: 0 always picks the most likely token, 1 samples from the model's probabilities",
      numberWithin(0),
      0,
    )
    .option("--top-k <number>", "sample only from the <number> most likely tokens", wholeNumber(1))
    .option(
      "--top-p <number>",
      "sample only from the smallest set of most likely tokens whose probabilities sum to at least <number>",
      numberWithin(0, 1),
    )
    .option(
      "--min-p <number>",
      "sample only tokens whose probability is at least <number> times that of the most likely token",
      numberWithin(0, 1),
    )
    .option("--seed <number>", "seed for sampling; the same seed and messages produce the same answers", wholeNumber(0))
    .option("--repetition-penalty <number>", "makes repetition less likely if above 1", numberWithin(0, Infinity, true))
    .addHelpText("after", EXAMPLES)
    .action(async (checkpoint: string, options: Options) => {
      const { chat } = await import("../work/chat.ts");
      finish(await chat({ checkpoint, ...options }, terminal));
    });
}
