import { type Random, seededRandom } from "@mlan/core";
import { ALL_THINGS, benchmarkStory, claim, wrongClaims } from "./benchmark-story.ts";
import { offer } from "./offer.ts";
import { type Story, type StoryEvent, tellStory } from "./story.ts";
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
 * Draws a question about how a story continues. Every second source is a film that ends with an event restated; the
 * others are guides with WikiHow's markers. `seed` is the seed of the source.
 */
export function hellaswagRow(seed: number, index: number): HellaswagRow {
  const source = Math.floor(index / ROWS_PER_SOURCE);
  const random = seededRandom(seed);
  const story = benchmarkStory(random);
  const passage = tellStory(random, story);
  const place = (index + source) % 4;
  const event = story[index % ROWS_PER_SOURCE];
  if (!event) throw new RangeError("miniworld: the story is empty.");
  const told = source % 2 === 0 ? film(passage) : guide(passage, event);
  const options = source % 2 === 0 ? filmEndings(random, story, event) : guideEndings(random, story, event);
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

function film(passage: string): Told {
  return { activity_label: "Looking for things", ctx_a: passage, ctx_b: "So" };
}

function filmEndings(random: Random, story: Story, event: StoryEvent): Endings {
  return { right: claim(event), others: wrongClaims(random, story) };
}

function guide(passage: string, { name, deed }: StoryEvent): Told {
  const header = `[header] How to see what ${name} ${deed.past}`;
  return {
    activity_label: "Home and Garden",
    ctx_a: `${header} [title] Look at the story. [step] ${passage}`,
    ctx_b: "",
  };
}

/** Endings with one other thing of the story, and two that do not occur in it. */
function guideEndings(random: Random, story: Story, event: StoryEvent): Endings {
  const lead = random.below(2) === 0 ? "[title] " : "[title] Well begun. [step] ";
  const ending = (thing: string): string => `${lead}Look for ${thing}`;
  const other = story.find((it) => it !== event);
  const told = new Set(story.map(({ thing }) => tell(thing)));
  return {
    right: ending(tell(event.thing)),
    tempting: other ? [ending(tell(other.thing))] : [],
    others: ALL_THINGS.filter((thing) => !told.has(thing)).map(ending),
  };
}
