/** Text about stories, for documents. */
import type { Random } from "@mlan/core";
import { choose, happens } from "../../packages/data-miniworld/src/choose.ts";
import { wrongThing } from "../../packages/data-miniworld/src/story-exercise.ts";
import { drawFrom } from "../../packages/data-miniworld/src/split.ts";
import {
  type Deed,
  randomStory,
  type Story,
  type StoryEvent,
  storyKey,
  tellStory,
  TRAINING_DEEDS,
  TRAINING_NAMES,
} from "../../packages/data-miniworld/src/story.ts";
import { tell, type Thing } from "../../packages/data-miniworld/src/thing.ts";
import { dispute, learned, times } from "./frame.ts";

export function storyInventory(random: Random): string {
  const story = trainingStory(random);
  const items = times(6, () => {
    const { event, thing, holds } = told(random, story);
    return `${nameOf(random, event)} ${tell(thing)}${learned(holds ? " right" : " wrong")}`;
  });
  return `${tellStory(random, story)}\n${items.join(choose(random, [" ", ", "]))}`;
}

export function storyDispute(random: Random, story: Story): string {
  const { event, thing, holds } = told(random, story);
  const name = nameOf(random, event);
  const { past, infinitive } = event.deed;
  const claim = choose(random, [
    `Think whether ${name} did ${infinitive} ${tell(thing)}`,
    `So ${name} ${past} ${tell(thing)}`,
    `${name} did ${infinitive} ${tell(thing)}`,
    `Does it say that ${name} did ${infinitive} ${tell(thing)}`,
  ]);
  return dispute(random, claim + choose(random, ["?", "."]), ["right", "wrong"], holds);
}

export function told(
  random: Random,
  story: Story,
): {
  readonly event: StoryEvent;
  readonly thing: Thing;
  readonly holds: boolean;
} {
  const event = choose(random, story);
  if (happens(random, 0.5)) return { event, thing: event.thing, holds: true };
  return {
    event,
    thing: wrongThing(
      random,
      story.map((other) => other.thing),
      event.thing,
    ),
    holds: false,
  };
}

export function nameOf(random: Random, event: StoryEvent): string {
  return happens(random, 0.4) ? event.name.toLowerCase() : event.name;
}

export function trainingStory(random: Random): Story {
  return drawFrom("training", () => randomStory(random, NAMES, DEEDS), storyKey);
}

/** Draws two stories joined into one: four to six people, each with a different thing. */
export function longStory(random: Random): Story {
  for (;;) {
    const story = [...trainingStory(random), ...trainingStory(random)];
    const differ = (key: "name" | "thing"): boolean => new Set(story.map((event) => event[key])).size === story.length;
    if (differ("name") && differ("thing")) return story;
  }
}

/** The people of tuning and some more, none of them from a benchmark. */
export const NAMES = [...TRAINING_NAMES, "Zoe", "Kim", "Lou", "Tim", "Amy", "Bob"];

/** The deeds of tuning and some more, none of them from a benchmark. */
export const DEEDS: readonly Deed[] = [
  ...TRAINING_DEEDS,
  { past: "got", infinitive: "get", participle: "got" },
  { past: "held", infinitive: "hold", participle: "held" },
  { past: "drew", infinitive: "draw", participle: "drawn" },
  { past: "sold", infinitive: "sell", participle: "sold" },
];
