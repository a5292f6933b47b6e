import { readFile, stat } from "node:fs/promises";
import { type ChatMessage, type ImageReference, MlanError } from "@mlan/core";
import { pathAt } from "../project/folders.ts";

/** What has been said, and what the next message shows. */
export interface Conversation {
  readonly system: string | undefined;
  readonly messages: readonly ChatMessage[];
  /** Of the next message. */
  readonly images: readonly ImageReference[];
}

const HELP = [
  "/image <file>    shows a picture with the next message",
  "/system <text>   changes the system prompt; without a text, back to the template's own",
  "/reset           forgets the conversation",
  "/help            lists these",
];

/** A changed conversation, and the lines that say so. */
interface Done {
  readonly conversation: Conversation;
  readonly notes: readonly string[];
}

/** Carries out a line that begins with a slash. Throws an {@link MlanError} for a command that does not exist. */
export async function carryOut(line: string, conversation: Conversation): Promise<Done> {
  const [, name = "", text = ""] = /^\/(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
  switch (name) {
    case "image": {
      const images = [...conversation.images, await imageFile(text)];
      return { conversation: { ...conversation, images }, notes: [`${text} is shown with the next message.`] };
    }
    case "system":
      return {
        conversation: { ...conversation, system: text === "" ? undefined : text },
        notes: [text === "" ? "The system prompt is the template's own." : "The system prompt has changed."],
      };
    case "reset":
      return { conversation: { ...conversation, messages: [], images: [] }, notes: ["The conversation is forgotten."] };
    case "help":
      return { conversation, notes: HELP };
    default:
      throw new MlanError(
        "invalid-options",
        `there is no command /${name.slice(0, 40)}. There are /image, /system, /reset and /help.`,
      );
  }
}

/** A picture, turned as its EXIF orientation says. Throws `invalid-data` when there is no such file. */
export async function imageFile(path: string): Promise<ImageReference> {
  const file = pathAt(path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile())
    throw new MlanError("invalid-data", `${path === "" ? "no name" : path} is not the name of a file. Give a picture.`);
  return { name: path, orientation: "upright", read: async () => new Uint8Array(await readFile(file)) };
}
