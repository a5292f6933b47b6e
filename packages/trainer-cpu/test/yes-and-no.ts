import type { Conversation, Dataset, ImageReference } from "@mlan/core";
import { createLlavaSource, type LlavaSource } from "@mlan/model-llava";
import { memoryDataset } from "@mlan/testing";

/** Questions with short answers; one of `apart` is about a picture of one colour. */
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

/** What `writeTinyLlava` wrote into a folder. */
export function tinyLlava(checkpoint: string | URL): LlavaSource {
  return createLlavaSource({
    name: "tiny",
    untunedFamily: "vicuna-base",
    weights: new URL("backbone/", checkpoint),
    visionTower: new URL("tower/", checkpoint),
  });
}

function picture(index: number): ImageReference {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" style="background: hsl(${index * 18} 100% 50%)"/>`;
  return { name: `${index}.svg`, read: async () => new TextEncoder().encode(svg) };
}
