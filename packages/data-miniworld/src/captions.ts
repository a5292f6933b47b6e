import { seededRandom } from "@mlan/core";
import { caption } from "./caption.ts";
import { randomScene, type Scene, sceneKey } from "./scene.ts";
import { drawFrom } from "./split.ts";
import type { TuningItem } from "./tuning.ts";

/** Draws an image with its caption, as a record of liuhaotian/LLaVA-Pretrain. */
export function captionItem(seed: number, id: string): TuningItem & { readonly scene: Scene } {
  const random = seededRandom(seed);
  const scene = drawFrom("training", () => randomScene(random, [1, 1, 1, 2, 2, 3, 3, 4]), sceneKey);
  const image = `${id}.png`;
  const human = "Describe the picture.\n<image>";
  return {
    row: {
      id,
      image,
      conversations: [
        { from: "human", value: human },
        { from: "gpt", value: caption(random, scene) },
      ],
    },
    scene,
  };
}
