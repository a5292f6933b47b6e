import { seededRandom } from "@mlan/core";
import { choose } from "./choose.ts";
import { wrongThing } from "./story-exercise.ts";
import { drawFrom } from "./split.ts";
import { BENCHMARK_DEEDS, BENCHMARK_NAMES, randomStory, storyKey, tellStory } from "./story.ts";
import { tell } from "./thing.ts";

/** A row of google/boolq; questions are in lower case and have no question mark. */
export interface BoolqRow {
  readonly question: string;
  readonly answer: boolean;
  readonly passage: string;
}

/** Draws one question on one story. The answer to every second question is yes. */
export function boolqRow(seed: number, index: number): BoolqRow {
  const random = seededRandom(seed);
  const story = drawFrom("benchmark", () => randomStory(random, BENCHMARK_NAMES, BENCHMARK_DEEDS), storyKey);
  const event = choose(random, story);
  const answer = index % 2 === 0;
  const thing = answer
    ? event.thing
    : wrongThing(
        random,
        story.map((other) => other.thing),
        event.thing,
      );
  return {
    question: `did ${event.name.toLowerCase()} ${event.deed.infinitive} ${tell(thing)}`,
    answer,
    passage: tellStory(random, story),
  };
}
