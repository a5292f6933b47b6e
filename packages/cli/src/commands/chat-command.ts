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

Each line is a message. Ctrl-C stops an answer; between answers it ends the chat, as the end of the input does.
  /image <file>    shows a picture with the next message
  /system <text>   changes the system prompt; without a text, back to the template's own
  /reset           forgets the conversation
  /help            lists these
`;

export function addChatCommand(program: Command, { terminal, finish }: CommandContext): void {
  withModelOptions(program.command("chat"))
    .description("Talk with a model, also about pictures.")
    .option("--image <file>", "shown with the first message; may be repeated", collect)
    .option("--system <text>", "system prompt (default: the template's own)")
    .option(
      "--max-tokens <number>",
      "the most new tokens of an answer (default: 512, or a quarter of the model's positions)",
      wholeNumber(1),
    )
    .option(
      "--temperature <number>",
      "0 takes the likeliest tokens; 1 draws them as likely as the model finds them",
      numberWithin(0),
      0,
    )
    .option("--top-k <number>", "draws only from the <number> likeliest tokens", wholeNumber(1))
    .option(
      "--top-p <number>",
      "draws only from the likeliest tokens that add up to this probability",
      numberWithin(0, 1),
    )
    .option("--min-p <number>", "draws only tokens this many times as likely as the likeliest", numberWithin(0, 1))
    .option("--seed <number>", "repeats a chat that draws tokens", wholeNumber(0))
    .option(
      "--repetition-penalty <number>",
      "above 1, makes tokens that occurred less likely",
      numberWithin(0, Infinity, true),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (checkpoint: string, options: Options) => {
      const { chat } = await import("../work/chat.ts");
      finish(await chat({ checkpoint, ...options }, terminal));
    });
}
