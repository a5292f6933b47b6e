/**
 * The documents on which mini-llama2 is pretrained: texts about the world, with short leads such as "Choose the right
 * letter", but with no instruction of the tuning data or the benchmarks.
 */
import { deriveSeed, type Random, seededRandom } from "@mlan/core";
import { caption } from "../../packages/data-miniworld/src/caption.ts";
import { choose, happens } from "../../packages/data-miniworld/src/choose.ts";
import type { Scene } from "../../packages/data-miniworld/src/scene.ts";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { tellStory } from "../../packages/data-miniworld/src/story.ts";
import { tell } from "../../packages/data-miniworld/src/thing.ts";
import { answers, choices } from "./choice-text.ts";
import { learned, MARKS, preamble, said, times } from "./frame.ts";
import { matches, wordLookups } from "./label-text.ts";
import {
  attributeRemark,
  attributesOf,
  brief,
  claimDispute,
  claimed,
  inventoryOf,
  placesOf,
  sceneClaim,
  sceneDispute,
  sidesOf,
  trainingScene,
} from "./scene-text.ts";
import { nameOf, storyDispute, storyInventory, told, trainingStory } from "./story-text.ts";

/**
 * Draws the shortest documents: things, then a list that states for every thing whether it is present. With a verdict
 * in every second word, the model learns to compare in a few hundred steps; with running text alone, thousands were not
 * enough.
 */
export function checklist(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `checklist ${index}`));
  return inventoryOf(random, trainingScene(random), brief, happens(random, 0.8));
}

/** Draws checklists for all other texts: sketches with empty cells, captions, stories. */
export function inventory(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `inventory ${index}`));
  if (happens(random, 0.4)) return storyInventory(random);
  const describe = choose(random, [brief, brief, sketch, sketch, (it: Scene) => caption(random, it)]);
  return inventoryOf(random, trainingScene(random), describe, happens(random, 0.3));
}

/** Draws essays with much text between a claim and its verdict, as between a question and its answer. */
export function debate(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `debate ${index}`));
  const lead = preamble(random);
  if (happens(random, 0.5)) {
    const scene = trainingScene(random);
    const isPlaced = happens(random, 0.75);
    const description = isPlaced ? sketch(scene) : caption(random, scene);
    const lines = times(4, () =>
      choose(random, [sceneDispute, sceneDispute, isPlaced ? claimDispute : sceneDispute, attributeRemark])(
        random,
        scene,
        isPlaced,
      ),
    );
    return `${lead}${happens(random, 0.2) ? " " : ""}${description}${choose(random, [
      "\n",
      " \n",
      " ",
    ])}${lines.filter(Boolean).join("\n")}`;
  }
  const story = trainingStory(random);
  return `${lead}${tellStory(random, story)}\n${times(4, () => storyDispute(random, story)).join("\n")}`;
}

/**
 * Draws debates, and lists whose entries are marked with yes and no, so that these words have a meaning before tuning.
 * Here they never answer a question.
 */
export function tickList(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `tick list ${index}`));
  if (happens(random, 0.5)) return debate(seed, index + 1_000_000);
  const quoted = happens(random, 0.5);
  const tick = (claim: string, holds: boolean): string => claim + said(holds ? "yes" : "no", quoted);
  if (happens(random, 0.5)) {
    const scene = trainingScene(random);
    const isPlaced = happens(random, 0.6);
    const description = isPlaced ? sketch(scene) : choose(random, [brief, (it: Scene) => caption(random, it)])(scene);
    const items = times(6, () => {
      if (isPlaced && happens(random, 0.5)) {
        const { claim, holds } = sceneClaim(random, scene);
        return tick(claim, holds);
      }
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

/** Returns a function that draws one of several kinds of documents, each with the probability given by its share. */
function blend(name: string, kinds: readonly (readonly [number, Make])[]): Document {
  return (seed, index) => {
    const random = seededRandom(deriveSeed(seed, `${name} ${index}`));
    let rest = random.next();
    for (const [share, make] of kinds) {
      rest -= share;
      if (rest < 0) return make(random, seed, index);
    }
    return kinds[0]?.[1](random, seed, index) ?? "";
  };
}

export type Document = (seed: number, index: number) => string;
type Make = (random: Random, seed: number, index: number) => string;
const of =
  (document: Document): Make =>
  (_, seed, index) =>
    document(seed, index);

/** Lists whose entries have one word, and their labels. */
export const labels = blend("labels", [[1, wordLookups]]);

/** Lists that state whether a thing is among others. */
export const checklists = blend("checklists", [
  [0.9, of(checklist)],
  [0.1, wordLookups],
]);

/** The color of each shape, and the shape of each color. */
export const attributes = blend("attributes", [
  [0.85, (random) => attributesOf(random, trainingScene(random), choose(random, [brief, brief, brief, sketch]))],
  [0.1, of(checklist)],
  [0.05, wordLookups],
]);

/** Where things are, also relative to each other, and how many there are. */
export const places = blend("places", [
  [0.8, (random) => placesOf(random, trainingScene(random))],
  [0.15, of(attributes)],
  [0.05, of(checklist)],
]);

/** Lists whose entries are marked by comparison with the entry before the list. */
export const matching = blend("matching", [
  [0.7, (random) => matches(random, 0)],
  [0.1, of(attributes)],
  [0.1, of(places)],
  [0.05, wordLookups],
  [0.05, of(checklist)],
]);

/** Which of two things is further left. */
export const sides = blend("sides", [
  [0.8, (random) => sidesOf(random, sceneOfSeveral(random))],
  [0.12, of(places)],
  [0.05, of(attributes)],
  [0.03, wordLookups],
]);

/** Draws a scene with two or more things. */
function sceneOfSeveral(random: Random): Scene {
  for (;;) {
    const scene = trainingScene(random);
    if (scene.length > 1) return scene;
  }
}

/** Lists whose entries are marked by a cue about a context, together with answers to cues and all of the above. */
export const cues = blend("cues", [
  [0.45, (random) => choices(random, 0)],
  [0.08, of(attributes)],
  [0.06, of(places)],
  [0.06, of(sides)],
  [0.1, (random) => answers(random, 0)],
  [0.1, (random) => matches(random, 0)],
  [0.1, of(inventory)],
  [0.03, of(checklist)],
  [0.02, wordLookups],
]);

/** Mostly bare lists, with everything in frames; also debates, and sketches with captions. */
export const bareLists = blend("bare lists", [
  [0.42, (random) => preamble(random) + choices(random, 0.7)],
  [0.08, (random) => matches(random, 0.7)],
  [0.05, of(attributes)],
  [0.04, of(places)],
  [0.04, of(sides)],
  [0.1, (random) => preamble(random) + answers(random, 0)],
  [0.15, of(tickList)],
  [0.04, of(inventory)],
  [0.06, captioned],
  [0.02, wordLookups],
]);

/**
 * Bare lists with more captions and verdicts, and a little text in which every word is supervised, so that the model
 * has seen every word as a target.
 */
export const prose = blend("prose", [
  [0.42, of(bareLists)],
  [0.28, captioned],
  [0.2, of(tickList)],
  [0.06, of(places)],
  [0.04, (_, seed, index) => learnedWhole(bareLists(seed, index))],
]);

/** Cues that are answered at once or later, and places, beside all of the above. */
export const questions = blend("questions", [
  [0.3, (random) => preamble(random) + answers(random, 0.5)],
  [0.08, of(places)],
  [0.06, of(sides)],
  [0.12, of(tickList)],
  [0.2, (random) => preamble(random) + choices(random, 0.7)],
  [0.24, of(prose)],
]);

/** What is hardest: answers that come later, and verdicts on claims after other text. Everything else is kept. */
export const review = blend("review", [
  [0.4, (random) => preamble(random) + answers(random, 0.6)],
  [0.2, of(tickList)],
  [0.15, (random) => preamble(random) + choices(random, 0.7)],
  [0.05, of(places)],
  [0.05, of(sides)],
  [0.15, of(prose)],
]);

/** Marks everything after the first word as supervised. */
function learnedWhole(text: string): string {
  const plain = text.replaceAll(MARKS.start, "").replaceAll(MARKS.end, "");
  const start = plain.indexOf(" ");
  return plain.slice(0, start) + learned(plain.slice(start));
}

/** Draws a sketch followed by its description in words, like image and caption in alignment. */
function captioned(random: Random): string {
  const scene = trainingScene(random);
  return `${sketch(scene)}${choose(random, ["", "\n"])}${learned(` ${caption(random, scene)}`)}`;
}
