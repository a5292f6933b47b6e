import { type Random, seededRandom } from "@mlan/core";
import { ALL_THINGS, benchmarkStory } from "./benchmark-story.ts";
import { choose } from "./choose.ts";
import { offer } from "./offer.ts";
import { benchmarkScene, type PicturedRows, uniqueBy } from "./pictured-rows.ts";
import { type PlacedThing, type Scene } from "./scene.ts";
import { BENCHMARK_DEEDS, BENCHMARK_NAMES, tellStory } from "./story.ts";
import { BENCHMARK_COLORS, BENCHMARK_SHAPES, COLORS, SHAPES, tell, THINGS } from "./thing.ts";

/** A row of lmms-lab/ScienceQA, config "ScienceQA-FULL"; `answer` is the number of a choice, counted from 0. */
export interface ScienceqaRow {
  /** A path relative to the benchmark's folder; null without an image. */
  readonly image: string | null;
  readonly question: string;
  readonly choices: readonly string[];
  readonly answer: number;
  readonly hint: string;
  readonly task: "closed choice";
  readonly grade: string;
  readonly subject: string;
  readonly topic: string;
  readonly category: string;
  readonly skill: string;
  readonly lecture: string;
  readonly solution: string;
}

/**
 * Draws four questions, two of them on one image: one with only a hint, one with only an image, one with neither, and
 * one with both. The world's texts teach which words are colors and shapes; the hint or the image provides the rest.
 */
export function scienceqaGroup(seed: number, index: number): PicturedRows<ScienceqaRow> {
  const random = seededRandom(seed);
  const scene = benchmarkScene(random, [2, 3, 4], (it) => uniqueBy(it, ({ shape }) => shape).length > 0);
  const image = `images/${index}.png`;
  const rows = [
    askOfStory(random),
    { ...askOfImage(random, scene), image },
    askForWord(random),
    { ...askOfBoth(random, scene), image },
  ].map(({ count, right, tempting, others, ...told }, question) => {
    const answer = (index + question) % count;
    const choices = offer(random, { right, tempting, others, count, place: answer });
    return { image: null, hint: "", ...told, ...SCHOOL, choices, answer };
  });
  return { image, scene, rows };
}

const SCHOOL = {
  task: "closed choice",
  grade: "grade2",
  subject: "natural science",
  topic: "physics",
  category: "Things",
  skill: "Tell things by colour and shape",
  lecture: "",
  solution: "",
} as const;

interface Asked {
  readonly question: string;
  readonly hint?: string;
  readonly count: number;
  readonly right: string;
  readonly tempting: readonly string[];
  readonly others: readonly string[];
}

function askOfStory(random: Random): Asked {
  const story = benchmarkStory(random);
  const { name, deed, thing } = choose(random, story);
  return {
    question: `Which thing was ${deed.participle} by ${name}?`,
    hint: tellStory(random, story),
    count: 3,
    right: tell(thing),
    tempting: story.map((other) => tell(other.thing)),
    others: ALL_THINGS,
  };
}

function askOfImage(random: Random, scene: Scene): Asked {
  const { color, shape } = uniqueShape(random, scene);
  return {
    question: `Which colour has the ${shape} in this image?`,
    count: 4,
    right: color,
    tempting: scene.map((thing) => thing.color),
    others: COLORS,
  };
}

function askForWord(random: Random): Asked {
  const words = choose(random, [
    { kind: "colour", right: choose(random, BENCHMARK_COLORS), others: SHAPES },
    { kind: "shape", right: choose(random, BENCHMARK_SHAPES), others: COLORS },
  ]);
  return {
    question: `Which one of the words is for a ${words.kind}?`,
    count: 3,
    right: words.right,
    tempting: [],
    others: words.others,
  };
}

function askOfBoth(random: Random, scene: Scene): Asked {
  const { color, shape } = uniqueShape(random, scene);
  const name = choose(random, BENCHMARK_NAMES);
  const deed = choose(random, BENCHMARK_DEEDS);
  const lost = choose(
    random,
    SHAPES.filter((other) => other !== shape),
  );
  const all = THINGS.filter((thing) => thing.shape === lost);
  return {
    question: `Which ${lost} was it?`,
    hint: `${name} ${deed.past} a ${lost} with the colour of the ${shape} in this image.`,
    count: 2,
    right: tell({ color, shape: lost }),
    tempting: all.filter((thing) => scene.some((other) => other.color === thing.color)).map(tell),
    others: all.map(tell),
  };
}

function uniqueShape(random: Random, scene: Scene): PlacedThing {
  return choose(
    random,
    uniqueBy(scene, ({ shape }) => shape),
  );
}
