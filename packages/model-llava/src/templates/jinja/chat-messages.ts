import { IMAGE_PLACEHOLDER } from "@mlan/core";
import type { PlacedTurn } from "../place-images.ts";
import type { Marks } from "./marks.ts";

/** A turn in the form that chat templates expect. */
export interface ChatMessage {
  readonly role: PlacedTurn["role"];
  readonly content: string | readonly ContentPart[];
}

/** A part of a message, as in transformers' processors. */
type ContentPart = { readonly type: "text"; readonly text: string } | { readonly type: "image" };

/** The form of message content: one text, or a list of parts with texts and images. */
export type ContentKind = "text" | "parts";

/**
 * Converts turns to messages. Marks around the texts of turns locate the texts in the rendered chat. `marked: false`
 * omits them.
 */
export function chatMessages(
  turns: readonly PlacedTurn[],
  kind: ContentKind,
  marks: Marks,
  { marked = true }: { readonly marked?: boolean } = {},
): readonly ChatMessage[] {
  const around = (text: string, turn: number): string => (marked ? marksAround(text, turn, marks) : text);
  return turns.map((turn, place) => {
    const pieces = piecesOf(turn);
    if (kind === "text") {
      const written = pieces.map((piece) => (typeof piece === "string" ? piece : marks.write("image")));
      // As in LLaVA: images first, separated by spaces, then the text on a new line.
      const front = written.slice(0, turn.images).join(" ");
      const rest = written.slice(turn.images).join("");
      const text = front === "" || rest === "" ? front + rest : `${front}\n${rest}`;
      return { role: turn.role, content: around(text, place) };
    }
    const parts = pieces.flatMap((piece, index): readonly ContentPart[] => {
      if (typeof piece !== "string") return [piece];
      // The template writes the separator itself.
      const text = index > 0 && pieces[index - 1] === IMAGE ? piece.replace(/^\n/, "") : piece;
      return text.trim() === "" && pieces.length > 1 ? [] : [{ type: "text", text: around(text, place) }];
    });
    return { role: turn.role, content: parts.length > 0 ? parts : [{ type: "text", text: "" }] };
  });
}

const IMAGE = { type: "image" } as const;

/** Returns the leading images, then the text with images at its first placeholders. */
function piecesOf({ images, text, placeholders = 0 }: PlacedTurn): readonly (string | typeof IMAGE)[] {
  const written = text.split(IMAGE_PLACEHOLDER);
  const [first = "", ...between] = written.slice(0, placeholders + 1);
  const last = written.slice(placeholders + 1).map((rest) => IMAGE_PLACEHOLDER + rest);
  const texts = [first, ...between];
  texts.push((texts.pop() ?? "") + last.join(""));
  const inText = texts.flatMap((piece, index) => (index > 0 ? [IMAGE, piece] : [piece]));
  return [...Array.from({ length: images }, () => IMAGE), ...inText].filter((piece) => piece !== "");
}

/**
 * Inserts a mark before and after a text. The marks go inside leading and trailing whitespace, because many templates
 * strip this whitespace.
 */
function marksAround(text: string, turn: number, marks: Marks): string {
  const core = text.trim();
  if (core === "") return text;
  const start = text.indexOf(core);
  const marked = marks.write("text-start", turn) + core + marks.write("text-end", turn);
  return text.slice(0, start) + marked + text.slice(start + core.length);
}
