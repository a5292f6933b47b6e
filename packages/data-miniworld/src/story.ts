import type { Random } from "@mlan/core";
import { choose, chooseSeveral } from "./choose.ts";
import { type Thing, THINGS, tell } from "./thing.ts";

/** The people in tuning stories and in benchmark stories; nobody is in both. */
export const TRAINING_NAMES = ["Mia", "Tom", "Ann", "Ben", "Eva", "Max"] as const;
export const BENCHMARK_NAMES = ["Nora", "Sam", "Lea", "Jon", "Ida", "Leo"] as const;

/** What people do with things. */
export interface Deed {
  readonly past: string;
  readonly infinitive: string;
  readonly participle: string;
}

export const TRAINING_DEEDS: readonly Deed[] = [
  { past: "had", infinitive: "have", participle: "had" },
  { past: "saw", infinitive: "see", participle: "seen" },
  { past: "took", infinitive: "take", participle: "taken" },
];
export const BENCHMARK_DEEDS: readonly Deed[] = [
  { past: "bought", infinitive: "buy", participle: "bought" },
  { past: "found", infinitive: "find", participle: "found" },
  { past: "lost", infinitive: "lose", participle: "lost" },
];

export interface StoryEvent {
  readonly name: string;
  readonly deed: Deed;
  readonly thing: Thing;
}

/** One event for each of several people. No two events are about the same thing. */
export type Story = readonly StoryEvent[];

export function randomStory(random: Random, names: readonly string[], deeds: readonly Deed[]): Story {
  const people = chooseSeveral(random, names, choose(random, [2, 2, 3]));
  const things = chooseSeveral(random, THINGS, people.length);
  return things.map((thing, index) => ({ name: people[index] ?? "", deed: choose(random, deeds), thing }));
}

/** Returns a key that only equal stories share. */
export function storyKey(story: Story): string {
  return story.map(({ name, deed, thing }) => `${name} ${deed.past} ${thing.color} ${thing.shape}`).join("|");
}

/** Writes a story as a passage of short sentences; some passages begin with an opening sentence. */
export function tellStory(random: Random, story: Story): string {
  const sentences = story.map(({ name, deed, thing }) => `${name} ${deed.past} ${tell(thing)}.`);
  return choose(random, OPENINGS) + sentences.join(" ");
}

const OPENINGS = ["", "", "It was a warm day. ", "They went to the market. ", "It was in the garden. "];
