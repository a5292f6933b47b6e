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

/**
 * Reports and checklists that do not begin with their description: what was learned at the beginning of a text must hold
 * anywhere in it. Things are looked for in stories too.
 */
export function essay(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `essay ${index}`));
  return preamble(random) + (happens(random, 0.5) ? sceneEssay(random) : storyEssay(random));
}

/** Essays in which much may stand between what is looked for and the verdict, as between a question and its answer. */
export function debate(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `debate ${index}`));
  const lead = preamble(random);
  if (happens(random, 0.5)) {
    const scene = trainingScene(random);
    const description = choose(random, [sketch, sketch, sketch, (it: Scene) => caption(random, it)])(scene);
    const lines = times(4, () => (happens(random, 0.15) ? attributeRemark(random, scene) : sceneDispute(random, scene)));
    return `${lead}${happens(random, 0.2) ? " " : ""}${description}${choose(random, ["\n", " \n", " "])}${lines.filter(Boolean).join("\n")}`;
  }
  const story = trainingStory(random);
  return `${lead}${tellStory(random, story)}\n${times(4, () => storyDispute(random, story)).join("\n")}`;
}

/**
 * Debates, and lists that are ticked off with yes and no, so that these words have their meaning before tuning. No
 * question is ever answered with them.
 */
export function tickList(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `tick list ${index}`));
  if (happens(random, 0.5)) return debate(seed, index + 1_000_000);
  const quote = choose(random, ["", '"']);
  const tick = (claim: string, holds: boolean): string => `${claim} ${quote}${holds ? "yes" : "no"}${quote}`;
  if (happens(random, 0.5)) {
    const scene = trainingScene(random);
    const description = choose(random, [brief, sketch, sketch, (it: Scene) => caption(random, it)])(scene);
    const items = times(6, () => {
      const { thing, holds } = claimed(random, scene);
      return tick(tell(thing), holds);
    });
    return `${preamble(random)}${description}\n${items.join(choose(random, [" ", ", ", "\n"]))}`;
  }
  const story = trainingStory(random);
  const items = times(5, () => {
    const { event, thing, holds } = told(random, story);
    return tick(`${nameOf(random, event)} did ${event.deed.infinitive} ${tell(thing)}`, holds);
  });
  return `${preamble(random)}${tellStory(random, story)}\n${items.join(choose(random, [" ", ", ", "\n"]))}`;
}

/** Tick lists and debates, and sketches told in words: the order in which alignment has image and caption. */
export function finish(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `finish ${index}`));
  if (happens(random, 0.55)) return tickList(seed, index + 2_000_000);
  const scene = trainingScene(random);
  const captions = times(1 + random.below(2), () => caption(random, scene)).join(" ");
  return `${sketch(scene)}${choose(random, [" ", " ", "\n", " \n"])}${captions}`;
}

/** More of what is learned last: who did what. The rest keeps what was learned before. */
export function chronicle(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `chronicle ${index}`));
  if (happens(random, 0.4)) return finish(seed, index + 4_000_000);
  const story = trainingStory(random);
  const quote = choose(random, ["", '"']);
  const style = choose(random, ["tick", "judge", "dispute"] as const);
  const items = times(style === "dispute" ? 4 : 6, () => {
    if (style === "dispute") return storyDispute(random, story);
    const { event, thing, holds } = told(random, story);
    const claim = `${choose(random, ["", "", "did "])}${nameOf(random, event)} ${event.deed.infinitive} ${tell(thing)}`;
    return style === "tick" ? `${claim} ${quote}${holds ? "yes" : "no"}${quote}` : `${claim} ${holds ? "right" : "wrong"}`;
  });
  return `${preamble(random)}${tellStory(random, story)}\n${items.join(choose(random, [", ", "\n"]))}`;
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

function sceneEssay(random: Random): string {
  const scene = trainingScene(random);
  const description = choose(random, [brief, sketch, sketch, sketch, (it: Scene) => caption(random, it)])(scene);
  const lines = times(6, () => (happens(random, 0.15) ? attributeRemark(random, scene) : search(random, scene)));
  const text = lines.filter(Boolean).join(choose(random, [" ", "\n"]));
  return `${happens(random, 0.2) ? " " : ""}${description}${choose(random, ["\n", " \n", " "])}${text}`;
}

function storyEssay(random: Random): string {
  const story = trainingStory(random);
  const things = story.map(({ thing }) => thing);
  const lines = times(6, () => (happens(random, 0.5) ? search(random, things) : storyRemark(random, story)));
  return `${tellStory(random, story)}${choose(random, ["\n", " "])}${lines.join(choose(random, [" ", "\n"]))}`;
}

function search(random: Random, things: readonly Thing[]): string {
  const { thing, holds } = claimed(random, things);
  return choose(random, [...CLAIMS, ...SEARCHES])(tell(thing), holds ? "present" : "absent");
}

const SEARCHES: typeof CLAIMS = [
  (thing, verdict) => `Look here: ${thing}? Word: "${verdict}".`,
  (thing, verdict) => `${thing} in this image? The right word is "${verdict}".`,
  (thing, verdict) => `Among "present" and "absent", choose for ${thing} here: "${verdict}".`,
  (thing, verdict) => `Choose "present" or "absent".\nLook for ${thing} in the image. The best word is "${verdict}".`,
];

function sceneDispute(random: Random, scene: Scene): string {
  const { thing, holds } = claimed(random, scene);
  return dispute(random, choose(random, DOUBTS)(tell(thing)), ["present", "absent"], holds);
}

function storyDispute(random: Random, story: Story): string {
  const { event, thing, holds } = told(random, story);
  const name = nameOf(random, event);
  const claim = choose(random, [`Think whether ${name} did`, `did ${name}`, `Did ${name}`]);
  return dispute(random, `${claim} ${event.deed.infinitive} ${tell(thing)}${choose(random, ["?", "."])}`, ["right", "wrong"], holds);
}

const DOUBTS: readonly ((thing: string) => string)[] = [
  (thing) => `Look for ${thing} in this image.`,
  (thing) => `Look here: ${thing}?`,
  (thing) => `${thing} in the image?`,
  (thing) => `Do we see ${thing}?`,
  (thing) => `There is ${thing}?`,
];

function dispute(random: Random, doubt: string, words: readonly [string, string], holds: boolean): string {
  const aside = (): string => choose(random, ["", "", choose(random, SMALL_TALK), choose(random, INSTRUCTIONS)(words)]);
  const parts = [aside(), doubt, aside(), choose(random, VERDICTS)(words[holds ? 0 : 1])];
  return parts.filter(Boolean).join(choose(random, [" ", "\n"]));
}

const INSTRUCTIONS: readonly ((words: readonly [string, string]) => string)[] = [
  ([one, other]) => `Choose "${one}" or "${other}".`,
  ([one, other]) => `Choose '${one}' or '${other}'.`,
  ([one, other]) => `Please choose '${one}' or '${other}'.`,
  ([one, other]) => `Your word should be either "${one}" or "${other}".`,
  ([one, other]) => `Give a '${one}' or '${other}' response to the user.`,
  ([one, other]) => `Use "${one}" or "${other}" to answer the user:`,
];

const VERDICTS: readonly ((verdict: string) => string)[] = [
  (verdict) => `The best word is "${verdict}".`,
  (verdict) => `The best word is "${verdict}".`,
  (verdict) => `The right answer is "${verdict}".`,
  (verdict) => `The short answer is "${verdict}".`,
  (verdict) => `My answer is "${verdict}".`,
  (verdict) => `It is "${verdict}".`,
  (verdict) => `The answer: "${verdict}".`,
  (verdict) => `Word: ${verdict}.`,
  (verdict) => `Answer: ${verdict}.`,
];

/** Up to some forty words that have nothing to do with what follows. */
function preamble(random: Random): string {
  const kind = random.below(4);
  if (kind === 0) return "";
  if (kind === 1) return `${SYSTEM} Context: `;
  return `${times(1 + random.below(5), () => choose(random, SMALL_TALK)).join(" ")}${choose(random, [" ", "\n"])}`;
}

/** A sentence that every model of the recipe reads in front of everything. */
const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";

const SMALL_TALK = [
  "It was a warm day.",
  "They went to the market.",
  "It was in the garden.",
  "Here is a chat.",
  "This is a user in the market.",
  "Context:",
  "Please give a short answer.",
  "It was a curious image.",
];

function trainingScene(random: Random): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

function trainingStory(random: Random): Story {
  return drawFrom("training", () => randomStory(random, NAMES, DEEDS), storyKey);
}

function claimed(random: Random, scene: readonly Thing[]): { readonly thing: Thing; readonly holds: boolean } {
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
