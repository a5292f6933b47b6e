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

export interface PromptOwner {
  /** Id of the request, for errors. */
  readonly id: string;
  readonly images: readonly unknown[];
}

/** A prompt as segments that the model continues. */
export interface WrittenPrompt {
  readonly segments: readonly Segment[];
  /** Name of the template of the segments, for errors. */
  readonly template: string;
  readonly beginOfSequence: boolean;
  /** The original harness whose rules apply to texts, and to placeholders and special tokens in them. */
  readonly harness?: RawPrompt["harness"];
}

/**
 * Writes a prompt in the model's template. Throws `invalid-data` with the request's id if an image has no placeholder,
 * if the turns of a chat do not alternate, or, with `harness`, if a placeholder has no image.
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

/** Appends a text to a prompt. If the last segment is text, both are tokenized together. */
export function continued(prompt: WrittenPrompt, text: string): WrittenPrompt {
  const last = prompt.segments.at(-1);
  const segment = last && "text" in last ? { ...last, text } : given(text);
  return { ...prompt, segments: [...prompt.segments, segment] };
}

/** Returns the token ids of a prompt, with {@link IMAGE_TOKEN_INDEX} for each image. */
export function encodePrompt(prompt: WrittenPrompt, tokenizer: Tokenizer, { images }: PromptOwner): number[] {
  const { segments, template, beginOfSequence, harness } = prompt;
  if (!harness) return encodeSegments(segments, { tokenizer, template, beginOfSequence }).ids;
  const text = segments.map((segment) => ("text" in segment ? segment.text : "")).join("");
  // The original language harness uses the fast tokenizer.
  if (harness === "language") return tokenizer.encode(text, { beginOfSequence, fast: true });
  const ids =
    images.length > 0
      ? encodeWithImage(tokenizer, text, { beginOfSequence })
      : tokenizer.encode(text, { beginOfSequence });
  // The original vision harness masks <unk> in a text as if it were padding.
  return ids.filter((id) => id !== tokenizer.unknownId);
}
