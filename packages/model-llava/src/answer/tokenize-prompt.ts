import { counted, type GenerationOptions, type ImageReference, MlanError, type Prompt } from "@mlan/core";
import type { LoadPixels } from "../batch/input-tensors.ts";
import { patchSymbol } from "../batch/prompt-tensors.ts";
import { trainedPositions } from "../config/language-config.ts";
import { encodePrompt, writePrompt, type WrittenPrompt } from "../encode-prompt.ts";
import type { AnswerFunctions } from "../network/answer-functions.ts";
import { type LlavaNetwork, positionsPerImage } from "../network/llava-network.ts";
import type { Template } from "../templates/template.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { IMAGE_TOKEN_INDEX } from "../tokens.ts";
import type { ImageSet } from "./image-set.ts";

/** The parts of a model that answering and scoring need. */
export interface InferenceModel {
  readonly network: LlavaNetwork;
  readonly functions: AnswerFunctions;
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  /** Ids of further tokens that end an answer, beside those of tokenizer and template. */
  readonly endTokenIds: readonly number[];
  readonly loadPixels: LoadPixels;
  /** A JSON value of all settings that affect an image's pixels. */
  readonly pixelSettings: unknown;
  /** Number of positions to which training truncates conversations. */
  readonly maximumLength: number;
}

/** The fields that generation and scoring requests share. */
export interface PromptRequest {
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
}

export interface TokenizedPrompt {
  readonly id: string;
  readonly inputIds: readonly number[];
  readonly images: readonly ImageReference[];
  /** Number of positions, including those of images. */
  readonly length: number;
  /** Number of positions by which the prompt was truncated. */
  readonly truncated: number;
}

export interface PromptLimits {
  /** Maximum number of positions of the model. */
  readonly room: number;
  /** Number of tokens to score at the end of the prompt. Default 0. */
  readonly scored?: number;
  /** What happens to a prompt that is too long: it is an error, or it is truncated. Default "refuse". */
  readonly longPrompts?: GenerationOptions["longPrompts"] | undefined;
}

export function writeRequest({ template }: InferenceModel, request: PromptRequest): WrittenPrompt {
  return writePrompt(request.prompt, template, request);
}

/**
 * Tokenizes a prompt. A prompt with `harness` is truncated as {@link RawPrompt} describes; any other prompt that is too
 * long is truncated only if `longPrompts` is "truncate" and it has no images, because an image could be lost. Throws
 * `invalid-data` for an empty prompt and for one that is too long and not truncated, and `invalid-options` for images
 * without a vision tower.
 */
export function tokenizePrompt(
  model: InferenceModel,
  prompt: WrittenPrompt,
  { id, images }: PromptRequest,
  { room, scored = 0, longPrompts }: PromptLimits,
): TokenizedPrompt {
  const [image] = images;
  if (image && !model.network.vision)
    throw new MlanError(
      "invalid-options",
      `model-llava: image "${image.name}" cannot be read: the model was opened without a vision tower. Give \`visionTower\`. The image belongs to request "${id}".`,
    );
  const inputIds = encodePrompt(prompt, model.tokenizer, { id, images });
  const length = positionsOf(inputIds, model);
  if (length === 0)
    throw new MlanError(
      "invalid-data",
      `model-llava: the prompt of "${id}" is empty and has no begin-of-sequence token. Give it some text.`,
    );
  const { harness } = prompt;
  const kept = Math.min(length, room, harnessLimit(model, harness, images.length > 0, scored));
  const truncated = length - kept;
  if (images.length > 0) {
    if (truncated > 0 && (harness !== "vision" || scored > 0)) throw tooLong(id, length, room, "Shorten its text");
    return { id, inputIds, images, length: kept, truncated };
  }
  if (truncated > 0 && harness === undefined && longPrompts !== "truncate")
    throw tooLong(id, length, room, 'Shorten its text, ask for fewer new tokens, or set longPrompts to "truncate"');
  return { id, inputIds: inputIds.slice(truncated), images, length: kept, truncated };
}

function tooLong(id: string, length: number, room: number, remedy: string): MlanError {
  const found = `has ${counted(length, "position")}; the model reads ${room}`;
  return new MlanError("invalid-data", `model-llava: the prompt of "${id}" ${found}. ${remedy}.`);
}

/** Returns the maximum number of positions of a prompt in the original harness; Infinity without a harness. */
function harnessLimit(
  model: InferenceModel,
  harness: WrittenPrompt["harness"],
  hasImages: boolean,
  scored: number,
): number {
  if (harness === "vision" && hasImages && scored === 0) return model.maximumLength;
  return harness === "language" && !hasImages ? languageLimit(model) + scored : Infinity;
}

/**
 * Returns the maximum number of positions of a prompt in the original language harness, which reserves 256 positions
 * for the answer.
 */
function languageLimit({ network }: InferenceModel): number {
  const positions = trainedPositions(network.decoder.config);
  return positions > HARNESS_ANSWER ? positions - HARNESS_ANSWER : positions;
}

const HARNESS_ANSWER = 256;

/** Returns the symbol at each position of a prompt; see {@link PromptRow}. */
export function positionSymbols(
  { id, inputIds, images, length }: TokenizedPrompt,
  set: ImageSet,
  patches: number,
): Int32Array {
  // A truncated prompt has more tokens than positions. Writing past the end of the array does nothing.
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

export const DEFAULT_BATCH_SIZE = 16;

/** Returns `batchSize`. Throws `invalid-options` unless it is a positive whole number. */
export function checkBatchSize(batchSize: number): number {
  if (Number.isInteger(batchSize) && batchSize > 0) return batchSize;
  throw new MlanError("invalid-options", `model-llava: batchSize is ${batchSize}; it must be a positive whole number.`);
}

function positionsOf(inputIds: readonly number[], { network }: InferenceModel): number {
  const images = inputIds.filter((id) => id === IMAGE_TOKEN_INDEX).length;
  return inputIds.length + images * (positionsPerImage(network) - 1);
}
