import {
  type ChatPrompt,
  counted,
  IMAGE_PLACEHOLDER,
  MlanError,
  type Prompt,
  type RawPrompt,
  type Turn,
} from "@mlan/core";
import { encodeWithImage } from "./encode-with-image.ts";
import { placePromptImages } from "./templates/place-images.ts";
import { encodeSegments, given, placeholdersAsImages, type Segment } from "./templates/segments.ts";
import type { Template } from "./templates/template.ts";
import { turnProblem } from "./templates/turn-problem.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** What a prompt belongs to. */
export interface PromptOwner {
  /** Names the request in errors. */
  readonly id: string;
  readonly images: readonly unknown[];
}

/** A prompt in the parts that the model continues. */
export interface WrittenPrompt {
  readonly segments: readonly Segment[];
  /** Of the template that wrote the segments, for errors. */
  readonly template: string;
  readonly beginOfSequence: boolean;
  /** The original code in whose way the texts are read, placeholders and special tokens in them included. */
  readonly harness?: RawPrompt["harness"];
}

/**
 * A prompt in the model's template. Throws an `invalid-data` error that names the request when an image has no placeholder,
 * in a prompt of a harness a placeholder has no image, or the turns of a chat do not alternate.
 */
export function writePrompt(prompt: Prompt, template: Template, owner: PromptOwner): WrittenPrompt {
  const { name } = template;
  if (prompt.kind === "chat") {
    const segments = chatSegments(prompt, template, owner);
    return { segments, template: name, beginOfSequence: template.beginOfSequence ?? true };
  }
  const { text, beginOfSequence, harness } = prompt;
  const images = owner.images.length;
  const placeholders = images === 0 ? 0 : text.split(IMAGE_PLACEHOLDER).length - 1;
  if (placeholders < images || (placeholders > images && harness !== undefined)) throw misplaced(owner, placeholders);
  if (harness) return { segments: [given(text)], template: name, beginOfSequence, harness };
  return { segments: placeholdersAsImages([given(text)], images), template: name, beginOfSequence };
}

function chatSegments(
  { history = [], user, answerStart }: ChatPrompt,
  template: Template,
  owner: PromptOwner,
): readonly Segment[] {
  const turns: readonly Turn[] = [...history, { role: "user", text: user }];
  const problem = turnProblem([...turns, { role: "assistant", text: answerStart }]);
  if (problem !== undefined) throw invalid(owner, `cannot be written: ${problem}`);
  const placed = placePromptImages(turns, owner.images.length);
  if (placed) return template.promptSegments({ id: owner.id, turns: placed, answerStart });
  const written = turns.flatMap(({ role, text }) => (role === "user" ? text.split(IMAGE_PLACEHOLDER).slice(1) : []));
  throw misplaced(owner, written.length);
}

function misplaced(owner: PromptOwner, placeholders: number): MlanError {
  const found = `${counted(owner.images.length, "image")}, but ${counted(placeholders, "placeholder")} ${IMAGE_PLACEHOLDER}`;
  return invalid(owner, `has ${found}`);
}

function invalid({ id }: PromptOwner, problem: string): MlanError {
  return new MlanError("invalid-data", `model-llava: the prompt of ${JSON.stringify(id)} ${problem}.`);
}

/** The prompt with a text behind it, which is one text with the prompt's last. */
export function continued(prompt: WrittenPrompt, text: string): WrittenPrompt {
  const last = prompt.segments.at(-1);
  const segment = last && "text" in last ? { ...last, text } : given(text);
  return { ...prompt, segments: [...prompt.segments, segment] };
}

/** Token ids of a prompt; each image stands as IMAGE_TOKEN_INDEX. */
export function encodePrompt(prompt: WrittenPrompt, tokenizer: Tokenizer, { images }: PromptOwner): number[] {
  const { segments, template, beginOfSequence, harness } = prompt;
  if (!harness) return encodeSegments(segments, { tokenizer, template, beginOfSequence }).ids;
  const text = segments.map((segment) => ("text" in segment ? segment.text : "")).join("");
  // The language harness has the fast tokenizer.
  if (harness === "language") return tokenizer.encode(text, { beginOfSequence, fast: true });
  const ids =
    images.length > 0
      ? encodeWithImage(tokenizer, text, { beginOfSequence })
      : tokenizer.encode(text, { beginOfSequence });
  // The vision harness takes a written <unk> for padding, which it masks.
  return ids.filter((id) => id !== tokenizer.unknownId);
}
