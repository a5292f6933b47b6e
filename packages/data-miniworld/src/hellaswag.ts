import { type Random, seededRandom } from "@mlan/core";
import { ALL_THINGS, benchmarkStory, definiteName } from "./benchmark-story.ts";
import { offer } from "./offer.ts";
import { BENCHMARK_DEEDS, type Story, type StoryEvent, tellStory } from "./story.ts";
import { tell } from "./thing.ts";

/** A row of Rowan/hellaswag. */
export interface HellaswagRow {
  readonly ind: number;
  readonly activity_label: string;
  readonly ctx_a: string;
  readonly ctx_b: string;
  readonly ctx: string;
  readonly endings: readonly string[];
  readonly source_id: string;
  readonly split: "val";
  readonly split_type: "indomain";
  readonly label: string;
}

/** Number of rows with the same source, and therefore the same story. */
export const ROWS_PER_SOURCE = 2;

/**
 * Draws a question about how a story continues. Every second source is a film whose ending restates an event from the
 * thing's side; the others are guides with WikiHow's markers. `seed` is the seed of the source.
 */
export function hellaswagRow(seed: number, index: number): HellaswagRow {
  const source = Math.floor(index / ROWS_PER_SOURCE);
  const random = seededRandom(seed);
  const story = benchmarkStory(random);
  const passage = tellStory(random, story);
  const place = (index + source) % 4;
  const event = story[index % ROWS_PER_SOURCE];
  if (!event) throw new RangeError("miniworld: the story is empty.");
  const told = source % 2 === 0 ? film(passage, event) : guide(passage, event);
  const options = source % 2 === 0 ? filmEndings(story, event) : guideEndings(random, story, event);
  return {
    ind: index,
    ...told,
    ctx: told.ctx_b === "" ? told.ctx_a : `${told.ctx_a} ${told.ctx_b}`,
    endings: offer(random, { ...options, count: 4, place }),
    source_id: source % 2 === 0 ? `activitynet~v_miniworld${source}` : `wikihow~${source}`,
    split: "val",
    split_type: "indomain",
    label: String(place),
  };
}

type Told = Pick<HellaswagRow, "activity_label" | "ctx_a" | "ctx_b">;

interface Endings {
  readonly right: string;
  readonly tempting?: readonly string[];
  readonly others: readonly string[];
}

function film(passage: string, { thing }: StoryEvent): Told {
  return { activity_label: "Looking for things", ctx_a: passage, ctx_b: definiteName(thing) };
}

function filmEndings(story: Story, event: StoryEvent): Endings {
  const ending = (name: string, participle: string): string => `was ${participle} by ${name}.`;
  return {
    right: ending(event.name, event.deed.participle),
    others: story.flatMap(({ name }) => BENCHMARK_DEEDS.map(({ participle }) => ending(name, participle))),
  };
}

function guide(passage: string, { name, deed }: StoryEvent): Told {
  const header = `[header] How to see what ${name} ${deed.past}`;
  return {
    activity_label: "Home and Garden",
    ctx_a: `${header} [title] Look at the story. [step] ${passage}`,
    ctx_b: "",
  };
}

function guideEndings(random: Random, story: Story, event: StoryEvent): Endings {
  const end = random.below(2) === 0 ? "" : " [step] This is the right thing.";
  const ending = (thing: string): string => `[title] Look for ${thing}.${end}`;
  return {
    right: ending(tell(event.thing)),
    tempting: story.map(({ thing }) => ending(tell(thing))),
    others: ALL_THINGS.map(ending),
  };
}
