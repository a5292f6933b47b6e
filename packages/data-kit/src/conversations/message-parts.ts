import { IMAGE_PLACEHOLDER, shownValue } from "@mlan/core";

/**
 * Converts OpenAI messages whose contents are lists of parts to messages with text contents. Text parts are joined by
 * newlines, and an image becomes `<image>`; its name or `data:` URL is added to the column `image`. Rows in other
 * formats and contents with other types of parts are returned unchanged, and the schema then refuses such contents.
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

/** Reads one part. Returns undefined for other types, such as audio. */
function readPart(part: unknown): Part | undefined {
  if (!isObject(part)) return undefined;
  const { type, text, image_url: url, image } = part;
  if (isOneOf(TEXTS, type) && typeof text === "string") return { text };
  if (!isOneOf(IMAGES, type)) return undefined;
  const name = isObject(url) ? url["url"] : (url ?? image);
  if (typeof name === "string") return { text: IMAGE_PLACEHOLDER, image: name };
  return name === undefined || name === null ? { text: IMAGE_PLACEHOLDER } : undefined;
}

/** Describes the first part that cannot be read, with the reason. Undefined if there is none. */
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
 * Returns the name of an unused column for the images of parts. A used `image` column is kept, so that the schema
 * reports too many images.
 */
function freeColumn(row: Readonly<Record<string, unknown>>): string {
  return row["image"] === undefined || row["image"] === null ? "image" : "images";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
