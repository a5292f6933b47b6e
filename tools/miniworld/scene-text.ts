/** Text about scenes, for documents. */
import type { Random } from "@mlan/core";
import { caption } from "../../packages/data-miniworld/src/caption.ts";
import { choose, happens } from "../../packages/data-miniworld/src/choose.ts";
import { randomScene, type Scene, sceneKey } from "../../packages/data-miniworld/src/scene.ts";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { drawFrom } from "../../packages/data-miniworld/src/split.ts";
import { absentThing, confusableThing, tell, type Thing } from "../../packages/data-miniworld/src/thing.ts";
import { dispute, times } from "./frame.ts";

export function inventoryOf(
  random: Random,
  scene: Scene,
  describe: (scene: Scene) => string,
  compound: boolean,
): string {
  const items = times(8, () => {
    const { thing, holds } = claimed(random, scene);
    return `${compound ? thing.colour + thing.shape : tell(thing)} ${holds ? "present" : "absent"}`;
  });
  return `${describe(scene)}\n${items.join(choose(random, [" ", ", "]))}`;
}

export function sceneReport(random: Random): string {
  const scene = trainingScene(random);
  const start = choose(random, [brief, sketch, sketch, sketch, (it: Scene) => caption(random, it)])(scene);
  const remarks = times(5 + random.below(3), () => sceneRemark(random, scene));
  const lines = happens(random, 0.6) ? [caption(random, scene), ...remarks] : remarks;
  const lead = happens(random, 0.2) ? " " : "";
  return `${lead}${start}${choose(random, ["\n", " ", " \n"])}${lines.filter(Boolean).join(choose(random, [" ", "\n"]))}`;
}

function sceneRemark(random: Random, scene: Scene): string {
  if (happens(random, 0.2)) return attributeRemark(random, scene);
  const { thing, holds } = claimed(random, scene);
  return choose(random, CLAIMS)(tell(thing), holds ? "present" : "absent");
}

export function attributeRemark(random: Random, scene: Scene): string {
  const thing = choose(random, scene);
  const hasTwin = (key: "colour" | "shape"): boolean => scene.filter((other) => other[key] === thing[key]).length > 1;
  if (happens(random, 0.3)) return `In all: ${NUMBERS[scene.length]}.`;
  if (happens(random, 0.5)) return hasTwin("colour") ? "" : `The ${thing.colour} one: ${thing.shape}.`;
  return hasTwin("shape") ? "" : `The ${thing.shape}: ${thing.colour}.`;
}

export function sceneEssay(random: Random): string {
  const scene = trainingScene(random);
  const description = choose(random, [brief, sketch, sketch, sketch, (it: Scene) => caption(random, it)])(scene);
  const lines = times(6, () => (happens(random, 0.15) ? attributeRemark(random, scene) : search(random, scene)));
  const text = lines.filter(Boolean).join(choose(random, [" ", "\n"]));
  return `${happens(random, 0.2) ? " " : ""}${description}${choose(random, ["\n", " \n", " "])}${text}`;
}

export function search(random: Random, things: readonly Thing[]): string {
  const { thing, holds } = claimed(random, things);
  return choose(random, [...CLAIMS, ...SEARCHES])(tell(thing), holds ? "present" : "absent");
}

const SEARCHES: typeof CLAIMS = [
  (thing, verdict) => `Look here: ${thing}? Word: "${verdict}".`,
  (thing, verdict) => `${thing} in this image? The right word is "${verdict}".`,
  (thing, verdict) => `Among "present" and "absent", choose for ${thing} here: "${verdict}".`,
  (thing, verdict) => `Choose "present" or "absent".\nLook for ${thing} in the image. The best word is "${verdict}".`,
];

/** Claims in order: from a verdict directly after its thing to one as far from it as an answer from its question. */
const CLAIMS: readonly ((thing: string, verdict: string) => string)[] = [
  (thing, verdict) => `${thing} ${verdict}.`,
  (thing, verdict) => `${thing}: ${verdict}.`,
  (thing, verdict) => `${thing} here: ${verdict}.`,
  (thing, verdict) => `One looked for ${thing}: "${verdict}".`,
  (thing, verdict) => `Look for ${thing} in this image. Word: "${verdict}".`,
  (thing, verdict) => `Look for ${thing} here. The best word is "${verdict}".`,
  (thing, verdict) => `Among "present" and "absent", for ${thing} choose "${verdict}".`,
];

export function sceneDispute(random: Random, scene: Scene): string {
  const { thing, holds } = claimed(random, scene);
  return dispute(random, choose(random, DOUBTS)(tell(thing)), ["present", "absent"], holds);
}

const DOUBTS: readonly ((thing: string) => string)[] = [
  (thing) => `Look for ${thing} in this image.`,
  (thing) => `Look here: ${thing}?`,
  (thing) => `${thing} in the image?`,
  (thing) => `Do we see ${thing}?`,
  (thing) => `There is ${thing}?`,
];

export function claimed(random: Random, scene: readonly Thing[]): { readonly thing: Thing; readonly holds: boolean } {
  if (happens(random, 0.5)) return { thing: choose(random, scene), holds: true };
  const confusable = happens(random, 0.5) ? confusableThing(random, scene) : undefined;
  return { thing: confusable ?? absentThing(random, scene), holds: false };
}

/** A sketch without its blanks. */
export function brief(scene: Scene): string {
  return scene.map(({ colour, shape }) => colour + shape).join(" ");
}

export function trainingScene(random: Random): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

const NUMBERS = ["none", "one", "two", "three", "four"];
