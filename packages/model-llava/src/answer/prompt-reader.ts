import { type ImageReference, MlanError, type Prompt, type RawPrompt } from "@mlan/core";
import type { LoadPixels } from "../batch/input-tensors.ts";
import { encodePrompt, renderPrompt } from "../encode-prompt.ts";
import { type LlavaNetwork, positionsPerImage } from "../network/llava-network.ts";
import type { Template } from "../templates/template.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { IMAGE_TOKEN_INDEX } from "../tokens.ts";

/** What answering and scoring need of a model. */
export interface PromptReader {
  readonly network: LlavaNetwork;
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  readonly loadPixels: LoadPixels;
}

/** What a question and a continuation to be scored have in common. */
export interface PromptRequest {
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
}

/** A prompt in tokens. */
export interface ReadPrompt {
  readonly id: string;
  readonly inputIds: readonly number[];
  readonly images: readonly ImageReference[];
  /** Positions, image positions included. */
  readonly length: number;
}

/** The text that the model continues. */
export function renderRequest({ template }: PromptReader, request: PromptRequest): RawPrompt {
  return renderPrompt(request.prompt, template, request);
}

/**
 * A text in tokens, at most `maximumLength` positions. Longer text loses its beginning, as in the language harness of
 * arXiv 2411.10557; beside images that throws an `invalid-data` error, since an image could be lost.
 */
export function readPrompt(
  reader: PromptReader,
  text: RawPrompt,
  { id, images }: PromptRequest,
  maximumLength: number,
): ReadPrompt {
  const inputIds = encodePrompt(text, reader.tokenizer, { id, images });
  const length = positionsOf(inputIds, reader);
  if (length === 0)
    throw new MlanError(
      "invalid-data",
      `model-llava: the prompt of "${id}" is empty, and has no begin-of-sequence token.`,
    );
  if (length <= maximumLength) return { id, inputIds, images, length };
  if (images.length === 0) return { id, inputIds: inputIds.slice(-maximumLength), images, length: maximumLength };
  throw new MlanError(
    "invalid-data",
    `model-llava: the prompt of "${id}" has ${length} positions; the model reads ${maximumLength}. Shorten its text.`,
  );
}

/**
 * Groups of at most `size` prompts for one batch each: alike in having images, so that text causes no vision work,
 * and in length, so that little is padded.
 */
export function batchesOf<Item extends { readonly prompt: ReadPrompt }>(
  items: readonly Item[],
  size: number,
): readonly Item[][] {
  const byLength = (one: Item, other: Item): number => one.prompt.length - other.prompt.length;
  const groups = [false, true].map((hasImages) =>
    items.filter(({ prompt }) => prompt.images.length > 0 === hasImages).toSorted(byLength),
  );
  return groups.flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / size) }, (_, batch) => group.slice(batch * size, (batch + 1) * size)),
  );
}

/** Requests answered side by side unless the caller says otherwise. */
export const DEFAULT_BATCH_SIZE = 16;

/** `batchSize`, checked. */
export function checkBatchSize(batchSize: number): number {
  if (Number.isInteger(batchSize) && batchSize > 0) return batchSize;
  throw new MlanError("invalid-options", `model-llava: batchSize is ${batchSize}; it must be a positive whole number.`);
}

function positionsOf(inputIds: readonly number[], { network }: PromptReader): number {
  const images = inputIds.filter((id) => id === IMAGE_TOKEN_INDEX).length;
  return inputIds.length + images * (positionsPerImage(network) - 1);
}
