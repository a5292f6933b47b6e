import type { Random } from "@mlan/core";
import { chooseSeveral } from "./choose.ts";
import { drawFrom } from "./split.ts";
import { wrongThing } from "./story-exercise.ts";
import { BENCHMARK_DEEDS, BENCHMARK_NAMES, randomStory, type Story, type StoryEvent, storyKey } from "./story.ts";
import { tell, THINGS } from "./thing.ts";

/** Draws a story that never occurs in tuning. */
export function benchmarkStory(random: Random, names: readonly string[] = BENCHMARK_NAMES): Story {
  return drawFrom("benchmark", () => randomStory(random, names, BENCHMARK_DEEDS), storyKey);
}

/** Draws two stories joined into one: four to six people, each with a different thing. */
export function longStory(random: Random): Story {
  const names = chooseSeveral(random, BENCHMARK_NAMES, BENCHMARK_NAMES.length);
  for (;;) {
    const story = [...benchmarkStory(random, names.slice(0, 3)), ...benchmarkStory(random, names.slice(3))];
    if (new Set(story.map(({ thing }) => thing)).size === story.length) return story;
  }
}

/** Returns what an event says, e.g. "Nora bought a red circle". */
export function claim({ name, deed, thing }: StoryEvent): string {
  return `${name} ${deed.past} ${tell(thing)}`;
}

/** Draws claims that a story does not make: each is one of its events with another thing. */
export function wrongClaims(random: Random, story: Story): readonly string[] {
  const present = story.map(({ thing }) => thing);
  return story.flatMap((event) =>
    Array.from({ length: 4 }, () => claim({ ...event, thing: wrongThing(random, present, event.thing) })),
  );
}

export const ALL_THINGS: readonly string[] = THINGS.map(tell);
