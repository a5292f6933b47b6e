/** Text about stories, for documents. */
import type { Random } from "@mlan/core";
import { choose, happens } from "../../packages/data-miniworld/src/choose.ts";
import { wrongThing } from "../../packages/data-miniworld/src/story-exercise.ts";
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
import { tell, type Thing } from "../../packages/data-miniworld/src/thing.ts";
import { dispute, times } from "./frame.ts";
import { search } from "./scene-text.ts";

export function storyInventory(random: Random): string {
  const story = trainingStory(random);
  const items = times(6, () => {
    const { event, thing, holds } = told(random, story);
    return `${nameOf(random, event)} ${tell(thing)} ${holds ? "right" : "wrong"}`;
  });
  return `${tellStory(random, story)}\n${items.join(choose(random, [" ", ", "]))}`;
}

export function storyReport(random: Random): string {
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

export function storyEssay(random: Random): string {
  const story = trainingStory(random);
  const things = story.map(({ thing }) => thing);
  const lines = times(6, () => (happens(random, 0.5) ? search(random, things) : storyRemark(random, story)));
  return `${tellStory(random, story)}${choose(random, ["\n", " "])}${lines.join(choose(random, [" ", "\n"]))}`;
}

export function storyDispute(random: Random, story: Story): string {
  const { event, thing, holds } = told(random, story);
  const name = nameOf(random, event);
  const claim = choose(random, [`Think whether ${name} did`, `did ${name}`, `Did ${name}`]);
  return dispute(
    random,
    `${claim} ${event.deed.infinitive} ${tell(thing)}${choose(random, ["?", "."])}`,
    ["right", "wrong"],
    holds,
  );
}

export function told(
  random: Random,
  story: Story,
): { readonly event: StoryEvent; readonly thing: Thing; readonly holds: boolean } {
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

const NAMES = [...TRAINING_NAMES, ...BENCHMARK_NAMES];

const DEEDS = [...TRAINING_DEEDS, ...BENCHMARK_DEEDS];
