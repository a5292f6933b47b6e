import { readFile, stat } from "node:fs/promises";
import { type ChatMessage, type ImageReference, MlanError } from "@mlan/core";
import { pathAt } from "../project/folders.ts";

/** The state of a chat: the system prompt, the messages so far, and the images of the next message. */
export interface Conversation {
  readonly system: string | undefined;
  readonly messages: readonly ChatMessage[];
  readonly images: readonly ImageReference[];
}

const HELP = [
  "/image <file>    sends an image with the next message",
  "/system <text>   changes the system prompt; without text, restores the template's",
  "/reset           starts a new conversation",
  "/help            lists these commands",
];

/** A changed conversation, and the lines that report the change. */
interface Done {
  readonly conversation: Conversation;
  readonly notes: readonly string[];
}

/** Executes a command that begins with a slash. Throws {@link MlanError} for an unknown command. */
export async function carryOut(line: string, conversation: Conversation): Promise<Done> {
  const [, name = "", text = ""] = /^\/(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
  switch (name) {
    case "image": {
      const images = [...conversation.images, await imageFile(text)];
      return { conversation: { ...conversation, images }, notes: [`${text} will be sent with the next message.`] };
    }
    case "system":
      return {
        conversation: { ...conversation, system: text === "" ? undefined : text },
        notes: [text === "" ? "The template's system prompt applies again." : "The system prompt has changed."],
      };
    case "reset":
      return { conversation: { ...conversation, messages: [], images: [] }, notes: ["This is a new conversation."] };
    case "help":
      return { conversation, notes: HELP };
    default:
      throw new MlanError(
        "invalid-options",
        `there is no command /${name.slice(0, 40)}. The commands are /image, /system, /reset and /help.`,
      );
  }
}

/**
 * Returns a reference to an image file. Its EXIF orientation is applied when it is decoded. Throws `invalid-data` when
 * there is no such file.
 */
export async function imageFile(path: string): Promise<ImageReference> {
  const file = pathAt(path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile())
    throw new MlanError(
      "invalid-data",
      `${path === "" ? "an empty name" : path} is not a file. Give the path of an image.`,
    );
  return { name: path, orientation: "upright", read: async () => new Uint8Array(await readFile(file)) };
}
