import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

interface Options {
  readonly branch?: string;
  readonly title?: string;
  readonly public?: boolean;
}

const EXAMPLES = `
Examples:
  $ mlan push ./llava-7b acme/llava-7b            uploads a checkpoint to the Hugging Face Hub
  $ mlan push runs/my-experiment acme/llava-7b    uploads the last checkpoint of a run

Needs a token with write permission: set HF_TOKEN, or run hf auth login. A repository that does not exist is created,
private unless you add --public. After an interruption, run the command again: uploaded files are skipped. Files of an
earlier model in the repository that are not in the folder, such as extra shards, are removed in the same commit.

Needs @mlan/model-llava, which is installed with @mlan/model-llama2, -vicuna or -qwen2.
`;

export function addPushCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("push")
    .description("Upload a checkpoint to the Hugging Face Hub.")
    .argument("<folder>", "folder of a checkpoint, or a run folder (its last checkpoint is used)")
    .argument("<repository>", "owner and name on the Hub, e.g. acme/llava-7b")
    .option("--public", "make a new repository public")
    .option("--branch <name>", "branch to commit to (default: main)")
    .option("--title <text>", "first line of the commit message")
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, repository: string, options: Options) => {
      const { push } = await import("../work/push.ts");
      finish(await push({ folder, repository, ...options }, terminal));
    });
}
