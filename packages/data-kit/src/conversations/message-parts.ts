import { IMAGE_PLACEHOLDER, shownValue } from "@mlan/core";

/**
 * Converts a row of OpenAI's messages whose contents are lists of parts to text contents: parts are joined by newlines, an
 * image becomes `<image>`, and the names (or `data:` URLs) of the images become the column `image`. Rows in other formats
 * are unchanged, and so is a content with parts of other types, which the schema then refuses.
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

/** Reads one part; undefined for other types, such as audio. */
function readPart(part: unknown): Part | undefined {
  if (!isObject(part)) return undefined;
  const { type, text, image_url: url, image } = part;
  if (isOneOf(TEXTS, type) && typeof text === "string") return { text };
  if (!isOneOf(IMAGES, type)) return undefined;
  const name = isObject(url) ? url["url"] : (url ?? image);
  if (typeof name === "string") return { text: IMAGE_PLACEHOLDER, image: name };
  return name === undefined || name === null ? { text: IMAGE_PLACEHOLDER } : undefined;
}

/** Describes the first part of a content that cannot be read, and why; undefined if there is none. */
export function partProblem(content: unknown): string | undefined {
  if (!Array.isArray(content)) return undefined;
  const index = content.findIndex((part) => readPart(part) === undefined);
  if (index < 0) return undefined;
  const part: unknown = content[index];
  const type = isObject(part) ? part["type"] : undefined;
  const named = `part ${index + 1}`;
  if (typeof type !== "string") return `${named} has no type; give it one of ${[...TEXTS, ...IMAGES].join(", ")}`;
  if (isOneOf(TEXTS, type)) return `${named} is of type "${type}" and has no text; give it one, or remove it`;
  if (isOneOf(IMAGES, type)) return `${named} is of type "${type}" and names no image; name one, or remove it`;
  return `${named} is of type ${shownValue(type)}, which is not supported; remove it`;
}

const TEXTS = ["text", "input_text"] as const;
const IMAGES = ["image_url", "input_image", "image"] as const;

function isOneOf(types: readonly string[], type: unknown): boolean {
  return typeof type === "string" && types.includes(type);
}

/**
 * Returns the name of a free column for the images of parts. An occupied `image` column is kept, so that the schema
 * reports too many images.
 */
function freeColumn(row: Readonly<Record<string, unknown>>): string {
  return row["image"] === undefined || row["image"] === null ? "image" : "images";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
