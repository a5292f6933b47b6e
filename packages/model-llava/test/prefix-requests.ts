import type { GenerationRequest, ImageReference, ScoreRequest } from "@mlan/core";
import { raw } from "./requests.ts";
import { plainImage } from "./tiny-llava.ts";

export const PASSAGE: string = "the quick brown fox jumps over the lazy dog. ".repeat(3);
export const OTHER: string = "0123456789 ".repeat(6);

/**
 * Choices for several questions: with one token and with several, one that is a prefix of another, one with an image,
 * and equal ones.
 */
export function scoreRequests(): readonly ScoreRequest[] {
  const images = [plainImage("red", "#f00")];
  const texts = [PASSAGE, `${PASSAGE}what?`, OTHER, "short"];
  const continuations = ["a", "the fox", "the fox jumps", "the fox", "0123"];
  return [...texts.map((text) => ({ text, images: [] })), { text: "<image>look closely at it: it is", images }].flatMap(
    ({ text, images: shown }) =>
      continuations.map((continuation, index) => ({
        id: `${text} ${index}`,
        prompt: raw(text),
        images: shown,
        continuation,
      })),
  );
}

/**
 * Groups of many sizes: text and images, larger than a batch, a prompt that is a prefix of another, equal prompts,
 * single prompts.
 */
export function mixedRequests(): readonly GenerationRequest[] {
  const red = plainImage("red", "#f00");
  const sameRed = plainImage("another red", "#f00");
  const blue = plainImage("blue", "#00f");
  const prompts: [text: string, images?: readonly ImageReference[]][] = [
    ...Array.from({ length: 11 }, (_, index): [string] => [`${PASSAGE}question ${index} ${"why ".repeat(index % 4)}`]),
    ...[OTHER, `${OTHER}and`, `${OTHER}and more`, `${OTHER}and more`, OTHER].map((text): [string] => [text]),
    ...["alone", "a", `${PASSAGE.slice(0, 70)} but not so`].map((text): [string] => [text]),
    ...[red, sameRed, blue].flatMap((image) =>
      ["is it red?", "is it blue, or what else could it be?", "is it?"].map(
        (text): [string, readonly ImageReference[]] => [`<image>look closely at this: ${text}`, [image]],
      ),
    ),
    ["<image>first, <image>second", [red, blue]],
    ["<image>first, <image>second?", [red, blue]],
  ];
  return prompts.map(([text, images = []], index) => ({
    id: `${index}`,
    prompt: raw(text),
    images,
    maximumNewTokens: 3 + (index % 8),
  }));
}
