/** The text on which mini-llama2 is pretrained: texts by the people of the world, without any instruction. */
import { deriveSeed, seededRandom } from "@mlan/core";
import { caption } from "../../packages/data-miniworld/src/caption.ts";
import { choose, happens } from "../../packages/data-miniworld/src/choose.ts";
import type { Scene } from "../../packages/data-miniworld/src/scene.ts";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { tellStory } from "../../packages/data-miniworld/src/story.ts";
import { tell } from "../../packages/data-miniworld/src/thing.ts";
import { preamble, times } from "./frame.ts";
import {
  attributeRemark,
  brief,
  claimed,
  inventoryOf,
  sceneDispute,
  sceneEssay,
  sceneReport,
  trainingScene,
} from "./scene-text.ts";
import { nameOf, storyDispute, storyEssay, storyInventory, storyReport, told, trainingStory } from "./story-text.ts";

/**
 * The shortest documents: things, then a list that says for every thing whether it is present. With a verdict in every
 * second word, comparing is learned in a few hundred steps; with running text alone, thousands were not enough.
 */
export function checklist(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `checklist ${index}`));
  return inventoryOf(random, trainingScene(random), brief, happens(random, 0.8));
}

/** Checklists for everything else: sketches with blanks, captions, stories. */
export function inventory(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `inventory ${index}`));
  if (happens(random, 0.4)) return storyInventory(random);
  const describe = choose(random, [brief, brief, sketch, sketch, (it: Scene) => caption(random, it)]);
  return inventoryOf(random, trainingScene(random), describe, happens(random, 0.3));
}

/** A description, followed by remarks on it in many wordings. */
export function report(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `report ${index}`));
  return happens(random, 0.6) ? sceneReport(random) : storyReport(random);
}

/**
 * Reports and checklists that do not begin with the description: skills learned at the beginning of a text must work
 * anywhere in it. Also looks for things in stories.
 */
export function essay(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `essay ${index}`));
  return preamble(random) + (happens(random, 0.5) ? sceneEssay(random) : storyEssay(random));
}

/** Essays with much text between a claim and its verdict, as between a question and its answer. */
export function debate(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `debate ${index}`));
  const lead = preamble(random);
  if (happens(random, 0.5)) {
    const scene = trainingScene(random);
    const description = choose(random, [sketch, sketch, sketch, (it: Scene) => caption(random, it)])(scene);
    const lines = times(4, () =>
      happens(random, 0.15) ? attributeRemark(random, scene) : sceneDispute(random, scene),
    );
    return `${lead}${happens(random, 0.2) ? " " : ""}${description}${choose(random, ["\n", " \n", " "])}${lines.filter(Boolean).join("\n")}`;
  }
  const story = trainingStory(random);
  return `${lead}${tellStory(random, story)}\n${times(4, () => storyDispute(random, story)).join("\n")}`;
}

/**
 * Debates, and lists ticked off with yes and no, so that these words have a meaning before tuning. They never answer a
 * question here.
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

/** Tick lists and debates, and sketches followed by their description in words, like image and caption in alignment. */
export function finish(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `finish ${index}`));
  if (happens(random, 0.55)) return tickList(seed, index + 2_000_000);
  const scene = trainingScene(random);
  const captions = times(1 + random.below(2), () => caption(random, scene)).join(" ");
  return `${sketch(scene)}${choose(random, [" ", " ", "\n", " \n"])}${captions}`;
}

/** More of what is learned last (who did what), and some of the rest, so that it is not forgotten. */
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
    return style === "tick"
      ? `${claim} ${quote}${holds ? "yes" : "no"}${quote}`
      : `${claim} ${holds ? "right" : "wrong"}`;
  });
  return `${preamble(random)}${tellStory(random, story)}\n${items.join(choose(random, [", ", "\n"]))}`;
}
