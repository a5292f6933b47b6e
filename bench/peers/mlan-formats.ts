/** Opens a checkpoint in a weight format and answers, for ../weight-formats.ts. */
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, type GenerationRequest, type ImageReference, imagesInFront, MODEL } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import type { FormatRequest, FormatResult } from "../weight-formats.ts";

const weightFormat = process.argv[2] as "float32" | "stored" | "int8" | "int4";
/** A gray image of 336 x 336 pixels, as a PGM file. */
const PICTURE: ImageReference = {
  name: "grey.pgm",
  read: async () => Buffer.concat([Buffer.from("P5 336 336 255\n"), Buffer.alloc(336 * 336, 127)]),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { folder, threads, words, newTokens, image }: FormatRequest = JSON.parse(line);
  const backbone = llama2({ weights: pathToFileURL(`${folder}/`), weightFormat, ...(image && { template: "v1" }) });
  await using scope = createScope([onnx({ threads }), backbone]);
  await scope.get(COMPUTE).open();
  const start = performance.now();
  const model = await scope.get(MODEL).open();
  const openSeconds = (performance.now() - start) / 1000;
  const answer = async (
    word: string,
    count: number,
    maximumNewTokens: number,
    images: readonly ImageReference[] = [],
  ) => {
    const text = Array.from({ length: count }, () => word).join(" ");
    const prompt = { kind: "raw", text: imagesInFront(images.length) + text, beginOfSequence: true } as const;
    const request: GenerationRequest = { id: word, prompt, images, maximumNewTokens };
    const began = performance.now();
    for await (const { newTokens: made, promptLength } of model.generate([request])) {
      if (made !== maximumNewTokens) throw new Error(`the answer has ${made} tokens instead of ${maximumNewTokens}`);
      return { seconds: (performance.now() - began) / 1000, promptLength };
    }
    throw new Error("there is no answer");
  };
  const imageAnswer = image && {
    ...(await answer("tree", image.words, image.newTokens, [PICTURE])),
    peak: process.resourceUsage().maxRSS * 1024,
  };
  await answer("a", 4, newTokens);
  const short = await answer("b", 4, 1);
  const long = await answer("b", 4, newTokens);
  const { seconds: promptSeconds, promptLength } = await answer("tree", words, 1);
  const result: FormatResult = {
    openSeconds,
    promptLength,
    promptSeconds,
    secondsPerToken: (long.seconds - short.seconds) / (newTokens - 1),
    peak: process.resourceUsage().maxRSS * 1024,
    ...(imageAnswer && { image: imageAnswer }),
  };
  console.log(JSON.stringify(result));
}
