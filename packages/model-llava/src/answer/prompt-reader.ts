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

/** The parts of a model that answering and scoring need. */
export interface PromptReader {
  readonly network: LlavaNetwork;
  readonly functions: AnswerFunctions;
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  readonly loadPixels: LoadPixels;
  /** Everything besides an image's bytes that determines its pixels, as JSON. */
  readonly pixelSettings: unknown;
  /** The format's maximum length: positions after which conversations are truncated. */
  readonly maximumLength: number;
}

/** The common part of generation and scoring requests. */
export interface PromptRequest {
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
}

/** A tokenized prompt. */
export interface ReadPrompt {
  readonly id: string;
  readonly inputIds: readonly number[];
  readonly images: readonly ImageReference[];
  /** Positions, image positions included. */
  readonly length: number;
}

export interface PromptLimits {
  /** The most positions that the model can read. */
  readonly room: number;
  /** Number of tokens at its end to score. Default 0. */
  readonly scored?: number;
}

/** The text that the model continues. */
export function writeRequest({ template }: PromptReader, request: PromptRequest): WrittenPrompt {
  return writePrompt(request.prompt, template, request);
}

/**
 * Tokenizes a prompt and truncates it as {@link RawPrompt} says. Throws an `invalid-data` error when a prompt with
 * images is too long, since truncating it could lose an image.
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
      `model-llava: image "${image.name}" cannot be read: the model was opened without a vision tower. Give \`visionTower\`. The image belongs to request "${id}".`,
    );
  const inputIds = encodePrompt(prompt, reader.tokenizer, { id, images });
  const length = positionsOf(inputIds, reader);
  if (length === 0)
    throw new MlanError(
      "invalid-data",
      `model-llava: the prompt of "${id}" is empty and has no begin-of-sequence token. Give it some text.`,
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

/** The most positions of a prompt in the original language harness, which reserves 256 for the answer. */
function languageLimit({ network }: PromptReader): number {
  const { maximumPositions } = network.decoder.config;
  return maximumPositions > HARNESS_ANSWER ? maximumPositions - HARNESS_ANSWER : maximumPositions;
}

const HARNESS_ANSWER = 256;

/** The symbol at each position of a prompt, see {@link PromptRow}. */
export function symbolsOf({ id, inputIds, images, length }: ReadPrompt, set: ImageSet, patches: number): Int32Array {
  // A prompt that was truncated has more tokens; writing beyond the end of the array does nothing.
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

/** Default number of requests answered in parallel. */
export const DEFAULT_BATCH_SIZE = 16;

/** Returns `batchSize` if it is a positive whole number; throws `invalid-options` otherwise. */
export function checkBatchSize(batchSize: number): number {
  if (Number.isInteger(batchSize) && batchSize > 0) return batchSize;
  throw new MlanError("invalid-options", `model-llava: batchSize is ${batchSize}; it must be a positive whole number.`);
}

function positionsOf(inputIds: readonly number[], { network }: PromptReader): number {
  const images = inputIds.filter((id) => id === IMAGE_TOKEN_INDEX).length;
  return inputIds.length + images * (positionsPerImage(network) - 1);
}
