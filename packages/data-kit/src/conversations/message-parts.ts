import { IMAGE_PLACEHOLDER } from "@mlan/core";

/**
 * A row of OpenAI's messages with contents of parts, as one with contents of text: parts are joined by newlines, an image
 * stands as `<image>`, and the names (or `data:` addresses) of images that parts hold become the column `image`. A row of
 * another format stays as it is; so does a content with parts of other types, which the schema then refuses.
 */
export function withPartsAsText(row: unknown): unknown {
  if (!isObject(row) || !Array.isArray(row["messages"])) return row;
  const found: string[] = [];
  const messages = row["messages"].map((message: unknown) => {
    if (!isObject(message) || !Array.isArray(message["content"])) return message;
    const parts = message["content"].map(readPart);
    if (parts.includes(undefined)) return message;
    found.push(...parts.flatMap((part) => part?.image ?? []));
    return { ...message, content: parts.map((part) => part?.text).join("\n") };
  });
  return { ...row, messages, ...(found.length > 0 && { [freeColumn(row)]: found }) };
}

interface Part {
  readonly text: string;
  readonly image?: string;
}

/** undefined for a part of another type, such as sound. */
function readPart(part: unknown): Part | undefined {
  if (!isObject(part)) return undefined;
  const { type, text, image_url: url, image } = part;
  if ((type === "text" || type === "input_text") && typeof text === "string") return { text };
  if (type !== "image_url" && type !== "input_image" && type !== "image") return undefined;
  const name = isObject(url) ? url["url"] : (url ?? image);
  if (typeof name === "string") return { text: IMAGE_PLACEHOLDER, image: name };
  return name === undefined || name === null ? { text: IMAGE_PLACEHOLDER } : undefined;
}

/** Images that a row names beside its parts are kept, so that there are too many of them. */
function freeColumn(row: Readonly<Record<string, unknown>>): string {
  return row["image"] === undefined || row["image"] === null ? "image" : "images";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
