import { type Random, seededRandom } from "@mlan/core";
import { ALL_THINGS } from "./benchmark-story.ts";
import { choose } from "./choose.ts";
import { letterAt, offer } from "./offer.ts";
import { BENCHMARK_WORDS, COLORS, SHAPES, tell, type Thing, THINGS } from "./thing.ts";

/** A row of allenai/openbookqa, config "main". */
export interface OpenbookqaRow {
  readonly id: string;
  readonly question_stem: string;
  readonly choices: { readonly text: readonly string[]; readonly label: readonly string[] };
  readonly answerKey: string;
}

/**
 * Draws a question about the words of sketches. No row explains these words; only the world's sketches and captions do.
 */
export function openbookqaRow(seed: number, index: number): OpenbookqaRow {
  const random = seededRandom(seed);
  const place = index % 4;
  const { stem, ...options } = choose(random, KINDS)(random, choose(random, BENCHMARK_WORDS));
  return {
    id: `mini-${index}`,
    question_stem: stem,
    choices: { text: offer(random, { ...options, count: 4, place }), label: ["A", "B", "C", "D"] },
    answerKey: letterAt(place),
  };
}

interface Asked {
  readonly stem: string;
  readonly right: string;
  readonly tempting?: readonly string[];
  readonly others: readonly string[];
}

const KINDS: readonly ((random: Random, thing: Thing) => Asked)[] = [
  (random, thing) => ({
    stem: `The word ${word(thing)} is for`,
    right: tell(thing),
    tempting: halves(random, thing).map(tell),
    others: ALL_THINGS,
  }),
  (random, thing) => ({
    stem: `The word for ${tell(thing)} is`,
    right: word(thing),
    tempting: halves(random, thing).map(word),
    others: THINGS.map(word),
  }),
  (_, thing) => ({ stem: `From the word ${word(thing)}, the colour is`, right: thing.color, others: COLORS }),
  (_, thing) => ({ stem: `From the word ${word(thing)}, the shape is`, right: thing.shape, others: SHAPES }),
];

function word({ color, shape }: Thing): string {
  return color + shape;
}

/** Returns a thing with the same color and one with the same shape. */
function halves(random: Random, { color, shape }: Thing): readonly Thing[] {
  const colors = COLORS.filter((other) => other !== color);
  const shapes = SHAPES.filter((other) => other !== shape);
  return [
    { color, shape: choose(random, shapes) },
    { color: choose(random, colors), shape },
  ];
}
