/** The text that the mini backbones are pretrained on: what the world's people write down, without any instruction. */
import { deriveSeed, type Random, seededRandom } from "@mlan/core";
import { caption } from "../../packages/data-miniworld/src/caption.ts";
import { choose, happens } from "../../packages/data-miniworld/src/choose.ts";
import { wrongThing } from "../../packages/data-miniworld/src/exercise.ts";
import { randomScene, type Scene, sceneKey } from "../../packages/data-miniworld/src/scene.ts";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { drawFrom } from "../../packages/data-miniworld/src/split.ts";
import {
  BENCHMARK_DEEDS,
  BENCHMARK_NAMES,
  randomStory,
  type Story,
  type StoryEvent,
  storyKey,
  tellStory,
  TRAINING_DEEDS,
  TRAINING_NAMES,
} from "../../packages/data-miniworld/src/story.ts";
import { absentThing, confusableThing, tell, type Thing } from "../../packages/data-miniworld/src/thing.ts";

/**
 * The shortest documents: things, then a list that says of every thing whether it is present. With a verdict in every
 * second word, comparing is learned in some hundred steps; in running text alone it was not in thousands.
 */
export function checklist(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `checklist ${index}`));
  return inventoryOf(random, trainingScene(random), brief, happens(random, 0.8));
}

/** Checklists of everything else: sketches with blanks, captions, stories. */
export function inventory(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `inventory ${index}`));
  if (happens(random, 0.4)) return storyInventory(random);
  const describe = choose(random, [brief, brief, sketch, sketch, (it: Scene) => caption(random, it)]);
  return inventoryOf(random, trainingScene(random), describe, happens(random, 0.3));
}

/** A description with remarks on it, in many wordings. */
export function report(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `report ${index}`));
  return happens(random, 0.6) ? sceneReport(random) : storyReport(random);
}

const NAMES = [...TRAINING_NAMES, ...BENCHMARK_NAMES];
const DEEDS = [...TRAINING_DEEDS, ...BENCHMARK_DEEDS];
const NUMBERS = ["none", "one", "two", "three", "four"];

function inventoryOf(random: Random, scene: Scene, describe: (scene: Scene) => string, compound: boolean): string {
  const items = times(8, () => {
    const { thing, holds } = claimed(random, scene);
    return `${compound ? thing.colour + thing.shape : tell(thing)} ${holds ? "present" : "absent"}`;
  });
  return `${describe(scene)}\n${items.join(choose(random, [" ", ", "]))}`;
}

function sceneReport(random: Random): string {
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

function attributeRemark(random: Random, scene: Scene): string {
  const thing = choose(random, scene);
  const hasTwin = (key: "colour" | "shape"): boolean => scene.filter((other) => other[key] === thing[key]).length > 1;
  if (happens(random, 0.3)) return `In all: ${NUMBERS[scene.length]}.`;
  if (happens(random, 0.5)) return hasTwin("colour") ? "" : `The ${thing.colour} one: ${thing.shape}.`;
  return hasTwin("shape") ? "" : `The ${thing.shape}: ${thing.colour}.`;
}

/** From a verdict right behind its thing to one that is as far from it as an answer from its question. */
const CLAIMS: readonly ((thing: string, verdict: string) => string)[] = [
  (thing, verdict) => `${thing} ${verdict}.`,
  (thing, verdict) => `${thing}: ${verdict}.`,
  (thing, verdict) => `${thing} here: ${verdict}.`,
  (thing, verdict) => `One looked for ${thing}: "${verdict}".`,
  (thing, verdict) => `Look for ${thing} in this image. Word: "${verdict}".`,
  (thing, verdict) => `Look for ${thing} here. The best word is "${verdict}".`,
  (thing, verdict) => `Among "present" and "absent", for ${thing} choose "${verdict}".`,
];

function storyInventory(random: Random): string {
  const story = trainingStory(random);
  const items = times(6, () => {
    const { event, thing, holds } = told(random, story);
    return `${nameOf(random, event)} ${tell(thing)} ${holds ? "right" : "wrong"}`;
  });
  return `${tellStory(random, story)}\n${items.join(choose(random, [" ", ", "]))}`;
}

function storyReport(random: Random): string {
  const story = trainingStory(random);
  const remarks = times(4 + random.below(3), () => storyRemark(random, story));
  return `${tellStory(random, story)}${choose(random, ["\n", " "])}${remarks.join(choose(random, [" ", "\n"]))}`;
}

function storyRemark(random: Random, story: Story): string {
  const { event, thing, holds } = told(random, story);
  const name = nameOf(random, event);
  if (happens(random, 0.1)) return `${tell(event.thing)}: ${name}.`;
  if (happens(random, 0.1)) return `${name}: ${tell(event.thing)}.`;
  const claim = choose(random, [`${name} ${tell(thing)}`, `${name} did ${event.deed.infinitive} ${tell(thing)}`]);
  return choose(random, JUDGEMENTS)(claim, holds ? "right" : "wrong");
}

const JUDGEMENTS: readonly ((claim: string, verdict: string) => string)[] = [
  (claim, verdict) => `${claim} ${verdict}.`,
  (claim, verdict) => `${claim}: ${verdict}.`,
  (claim, verdict) => `Think whether ${claim}. Word: "${verdict}".`,
  (claim, verdict) => `Think whether ${claim}. The best word is "${verdict}".`,
];

function trainingScene(random: Random): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

function trainingStory(random: Random): Story {
  return drawFrom("training", () => randomStory(random, NAMES, DEEDS), storyKey);
}

function claimed(random: Random, scene: Scene): { readonly thing: Thing; readonly holds: boolean } {
  if (happens(random, 0.5)) return { thing: choose(random, scene), holds: true };
  const confusable = happens(random, 0.5) ? confusableThing(random, scene) : undefined;
  return { thing: confusable ?? absentThing(random, scene), holds: false };
}

function told(random: Random, story: Story): { readonly event: StoryEvent; readonly thing: Thing; readonly holds: boolean } {
  const event = choose(random, story);
  if (happens(random, 0.5)) return { event, thing: event.thing, holds: true };
  return { event, thing: wrongThing(random, story.map((other) => other.thing), event.thing), holds: false };
}

function nameOf(random: Random, event: StoryEvent): string {
  return happens(random, 0.4) ? event.name.toLowerCase() : event.name;
}

/** A sketch without its blanks. */
function brief(scene: Scene): string {
  return scene.map(({ colour, shape }) => colour + shape).join(" ");
}

function times(count: number, make: () => string): string[] {
  return Array.from({ length: count }, make);
}
