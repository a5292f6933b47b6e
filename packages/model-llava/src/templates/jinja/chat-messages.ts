import { IMAGE_PLACEHOLDER } from "@mlan/core";
import type { PlacedTurn } from "../place-images.ts";
import type { Marks } from "./marks.ts";

/** A turn as a chat template gets it. */
export interface ChatMessage {
  readonly role: PlacedTurn["role"];
  readonly content: string | readonly ContentPart[];
}

/** As processors of transformers take it. */
type ContentPart = { readonly type: "text"; readonly text: string } | { readonly type: "image" };

/** What a template makes its text of: a text per turn, or parts of text and images. */
export type ContentKind = "text" | "parts";

/** Turns as messages whose texts have marks around them, so that they are found in what a template writes. */
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
      // As LLaVA has it: images with spaces between them, the text on a new line.
      const front = written.slice(0, turn.images).join(" ");
      const rest = written.slice(turn.images).join("");
      const text = front === "" || rest === "" ? front + rest : `${front}\n${rest}`;
      return { role: turn.role, content: around(text, place) };
    }
    const parts = pieces.flatMap((piece, index): readonly ContentPart[] => {
      if (typeof piece !== "string") return [piece];
      // The template writes what separates them.
      const text = index > 0 && pieces[index - 1] === IMAGE ? piece.replace(/^\n/, "") : piece;
      return text.trim() === "" && pieces.length > 1 ? [] : [{ type: "text", text: around(text, place) }];
    });
    return { role: turn.role, content: parts.length > 0 ? parts : [{ type: "text", text: "" }] };
  });
}

const IMAGE = { type: "image" } as const;

/** The images in front, then the text and the images at its first placeholders. */
function piecesOf({ images, text, placeholders = 0 }: PlacedTurn): readonly (string | typeof IMAGE)[] {
  const written = text.split(IMAGE_PLACEHOLDER);
  const [first = "", ...between] = written.slice(0, placeholders + 1);
  const last = written.slice(placeholders + 1).map((rest) => IMAGE_PLACEHOLDER + rest);
  const texts = [first, ...between];
  texts.push((texts.pop() ?? "") + last.join(""));
  const inText = texts.flatMap((piece, index) => (index > 0 ? [IMAGE, piece] : [piece]));
  return [...Array.from({ length: images }, () => IMAGE), ...inText].filter((piece) => piece !== "");
}

/** Within the white space around a text, which many templates strip. */
function marksAround(text: string, turn: number, marks: Marks): string {
  const core = text.trim();
  if (core === "") return text;
  const start = text.indexOf(core);
  const marked = marks.write("text-start", turn) + core + marks.write("text-end", turn);
  return text.slice(0, start) + marked + text.slice(start + core.length);
}
