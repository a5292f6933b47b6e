import { counted, type ImageReference, MlanError, type Prompt } from "@mlan/core";
import type { LoadPixels } from "../batch/input-tensors.ts";
import { patchSymbol } from "../batch/prompt-tensors.ts";
import { encodePrompt, writePrompt, type WrittenPrompt } from "../encode-prompt.ts";
import type { AnswerFunctions } from "../network/answer-functions.ts";
import { type LlavaNetwork, positionsPerImage } from "../network/llava-network.ts";
import type { Template } from "../templates/template.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { IMAGE_TOKEN_INDEX } from "../tokens.ts";
import type { ImageSet } from "./image-set.ts";

/** What answering and scoring need of a model. */
export interface PromptReader {
  readonly network: LlavaNetwork;
  readonly functions: AnswerFunctions;
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  readonly loadPixels: LoadPixels;
  /** Everything besides an image's bytes on which its pixels depend, as JSON. */
  readonly pixelSettings: unknown;
  /** Of the format: positions after which conversations are cut. */
  readonly maximumLength: number;
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

export interface PromptLimits {
  /** Positions that the model has for it. */
  readonly room: number;
  /** Tokens at its end that are to be scored. Default 0. */
  readonly scored?: number;
}

/** What the model continues. */
export function writeRequest({ template }: PromptReader, request: PromptRequest): WrittenPrompt {
  return writePrompt(request.prompt, template, request);
}

/**
 * A prompt in tokens, as long as {@link RawPrompt} allows. Throws an `invalid-data` error when it is too long beside images,
 * one of which could be lost.
 */
export function readPrompt(
  reader: PromptReader,
  prompt: WrittenPrompt,
  { id, images }: PromptRequest,
  { room, scored = 0 }: PromptLimits,
): ReadPrompt {
  const [image] = images;
  if (image && !reader.network.vision)
    throw new MlanError(
      "invalid-options",
      `model-llava: image "${image.name}" cannot be seen: the model was opened without a vision tower. Give \`visionTower\`. It belongs to request "${id}".`,
    );
  const inputIds = encodePrompt(prompt, reader.tokenizer, { id, images });
  const length = positionsOf(inputIds, reader);
  if (length === 0)
    throw new MlanError(
      "invalid-data",
      `model-llava: the prompt of "${id}" is empty, and has no begin-of-sequence token.`,
    );
  if (images.length === 0) {
    const kept = Math.min(length, room, prompt.harness === "language" ? languageLimit(reader) + scored : room);
    return { id, inputIds: inputIds.slice(length - kept), images, length: kept };
  }
  if (prompt.harness === "vision" && scored === 0)
    return { id, inputIds, images, length: Math.min(length, room, reader.maximumLength) };
  if (length <= room) return { id, inputIds, images, length };
  throw new MlanError(
    "invalid-data",
    `model-llava: the prompt of "${id}" has ${counted(length, "position")}; the model reads ${room}. Shorten its text.`,
  );
}

/** Positions that the original language harness leaves to a prompt: it sets 256 aside for answers. */
function languageLimit({ network }: PromptReader): number {
  const { maximumPositions } = network.decoder.config;
  return maximumPositions > HARNESS_ANSWER ? maximumPositions - HARNESS_ANSWER : maximumPositions;
}

const HARNESS_ANSWER = 256;

/** What stands at each of a prompt's positions, see {@link PromptRow}. */
export function symbolsOf({ id, inputIds, images, length }: ReadPrompt, set: ImageSet, patches: number): Int32Array {
  // A prompt that is cut at its end has more tokens: writing beyond an array's end does nothing.
  const symbols = new Int32Array(length);
  let position = 0;
  let shown = 0;
  for (const token of inputIds) {
    if (token !== IMAGE_TOKEN_INDEX) {
      symbols[position++] = token;
      continue;
    }
    const image = images[shown++];
    if (!image) throw new MlanError("contract", `model-llava: "${id}" has more placeholders than images.`);
    const number = set.numberOf(image);
    for (let patch = 0; patch < patches; patch++) symbols[position++] = patchSymbol(number, patch, patches);
  }
  return symbols;
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
