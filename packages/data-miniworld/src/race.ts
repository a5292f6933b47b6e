import { type Random, seededRandom } from "@mlan/core";
import { ALL_THINGS, claim, longStory, wrongClaims } from "./benchmark-story.ts";
import { choose } from "./choose.ts";
import { letterAt, offer } from "./offer.ts";
import { pythonLiteral } from "./python-literal.ts";
import { BENCHMARK_NAMES, type Story, tellStory } from "./story.ts";
import { definiteName, tell } from "./thing.ts";

/** A row of EleutherAI/race; `problems` is the list of an article's questions as a Python literal. */
export interface RaceRow {
  readonly article: string;
  readonly problems: string;
}

/**
 * Draws an article with two to four problems. Only the last problem is asked; its correct letter rotates with `index`.
 */
export function raceRow(seed: number, index: number): RaceRow {
  const random = seededRandom(seed);
  const story = longStory(random);
  const earlier = Array.from({ length: 1 + random.below(3) }, () =>
    problem(random, story, choose(random, KINDS), random.below(4)),
  );
  const kind = KINDS[Math.floor(index / 4) % KINDS.length] ?? "thing";
  return {
    article: tellStory(random, story),
    problems: pythonLiteral([...earlier, problem(random, story, kind, index % 4)]),
  };
}

/** Half of the problems have sentences for options, which the article alone decides. */
const KINDS = ["thing", "claim", "person", "claim"] as const;

function problem(
  random: Random,
  story: Story,
  kind: (typeof KINDS)[number],
  place: number,
): { readonly question: string; readonly answer: string; readonly options: readonly string[] } {
  const event = choose(random, story);
  const { name, deed, thing } = event;
  const things = { right: tell(thing), tempting: story.map((other) => tell(other.thing)), others: ALL_THINGS };
  const asked = {
    thing: { question: `${name} ${deed.past} _ .`, ...things },
    person: {
      question: `Look for ${definiteName(thing)}: it was ${deed.participle} by _ .`,
      right: name,
      tempting: story.map((other) => other.name),
      others: BENCHMARK_NAMES,
    },
    claim: {
      question: "Which sentence is right?",
      right: claim(event),
      others: wrongClaims(random, story),
    },
  }[kind];
  const { question, ...options } = asked;
  return { question, answer: letterAt(place), options: offer(random, { ...options, count: 4, place }) };
}
