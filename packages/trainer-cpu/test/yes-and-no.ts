import type { Compute, Conversation, Dataset, ImageReference } from "@mlan/core";
import { createLlavaSource, llama, type LlavaSource } from "@mlan/model-llava";
import { memoryDataset, WORDINGS } from "@mlan/testing";
import sharp from "sharp";

/** Questions with short answers; one in `apart` is about a picture with a single color. */
export function yesAndNo(count: number, apart = 4): Dataset<Conversation> {
  const conversations = Array.from({ length: count }, (_, index): Conversation => {
    const seen = index % apart === 0;
    return {
      id: `sum-${index}`,
      turns: [
        { role: "user", text: `${seen ? "<image>\n" : ""}${"the ".repeat(index % 3)}yes or no?` },
        { role: "assistant", text: index % 2 === 0 ? "yes" : "no no" },
      ],
      images: seen ? [picture(index)] : [],
    };
  });
  return memoryDataset("yes-and-no", conversations);
}

/** The model that `writeTinyLlava` wrote to a folder. */
export function tinyLlava(checkpoint: string | URL, compute: Compute): LlavaSource {
  return createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute,
    untunedWording: WORDINGS["vicuna-base"],
    weights: new URL("backbone/", checkpoint),
    visionTower: new URL("tower/", checkpoint),
  });
}

function picture(index: number): ImageReference {
  const background = { r: (index * 37) % 256, g: (index * 91) % 256, b: 255 - ((index * 37) % 256) };
  const png = sharp({ create: { width: 8, height: 8, channels: 3, background } }).png();
  return { name: `${index}.png`, read: async () => new Uint8Array(await png.toBuffer()) };
}
