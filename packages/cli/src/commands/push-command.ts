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

Needs a token that may write: set HF_TOKEN, or run hf auth login. If the repository does not exist, it is created as a
private one. After an interruption, run the command again: files that have arrived are not sent again. Files of an earlier model
that the folder does not have, such as other shards, are removed in the same commit. Needs @mlan/model-llava, a dependency
of all our backbones.
`;

export function addPushCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("push")
    .description("Upload a checkpoint to the Hugging Face Hub.")
    .argument("<folder>", "folder of a checkpoint, or a run folder to use its last checkpoint")
    .argument("<repository>", "owner and name on the Hub, e.g. acme/llava-7b")
    .option("--public", "create the repository as a public one")
    .option("--branch <name>", "the branch to commit to (default: main)")
    .option("--title <text>", "the first line of the commit's message")
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, repository: string, options: Options) => {
      const { push } = await import("../work/push.ts");
      finish(await push({ folder, repository, ...options }, terminal));
    });
}
