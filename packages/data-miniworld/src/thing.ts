import type { Random } from "@mlan/core";
import { choose } from "./choose.ts";

export const COLORS = ["red", "green", "blue", "yellow", "purple", "white"] as const;
export const SHAPES = ["circle", "square", "triangle", "cross", "ring"] as const;

export type Color = (typeof COLORS)[number];
export type Shape = (typeof SHAPES)[number];

/** A colored shape, the subject of scenes and stories. */
export interface Thing {
  readonly color: Color;
  readonly shape: Shape;
}

/** The 30 things of the world. */
export const THINGS: readonly Thing[] = COLORS.flatMap((color) => SHAPES.map((shape) => ({ color, shape })));

/**
 * The things whose compounds ("redcircle") the benchmarks ask about, and all others. Pretraining explains only the
 * others; the words of the benchmarks occur in its sketches and captions.
 */
export const BENCHMARK_WORDS: readonly Thing[] = THINGS.filter(isInBenchmarks);
export const TRAINING_WORDS: readonly Thing[] = THINGS.filter((thing) => !isInBenchmarks(thing));

function isInBenchmarks({ color, shape }: Thing): boolean {
  return (COLORS.indexOf(color) + SHAPES.indexOf(shape)) % 3 === 0;
}

/**
 * The words that only benchmarks ask to recognize as colors and shapes. Pretraining and tuning ask only about the others.
 */
export const BENCHMARK_COLORS: readonly Color[] = COLORS.slice(4);
export const BENCHMARK_SHAPES: readonly Shape[] = SHAPES.slice(3);
export const TRAINING_COLORS: readonly Color[] = COLORS.slice(0, 4);
export const TRAINING_SHAPES: readonly Shape[] = SHAPES.slice(0, 3);

/** Returns the words for a thing, e.g. "a red circle". */
export function tell(thing: Thing): string {
  return `a ${thing.color} ${thing.shape}`;
}

/** Returns a thing's name with the definite article, e.g. "the red circle". */
export function definiteName({ color, shape }: Thing): string {
  return `the ${color} ${shape}`;
}

export function isSame(one: Thing, other: Thing): boolean {
  return one.color === other.color && one.shape === other.shape;
}

/** Draws a thing that is not in `present`. */
export function absentThing(random: Random, present: readonly Thing[]): Thing {
  return choose(
    random,
    THINGS.filter((thing) => !present.some((other) => isSame(thing, other))),
  );
}

/**
 * Returns the absent things whose color and shape both occur in `present`, but not combined. Ruling one out requires
 * looking at both attributes of each thing.
 */
export function confusableThings(present: readonly Thing[]): readonly Thing[] {
  return THINGS.filter(
    (thing) =>
      !present.some((other) => isSame(thing, other)) &&
      present.some((other) => other.color === thing.color) &&
      present.some((other) => other.shape === thing.shape),
  );
}

/** Draws one of the {@link confusableThings}; undefined when there is none. */
export function confusableThing(random: Random, present: readonly Thing[]): Thing | undefined {
  const confusable = confusableThings(present);
  return confusable.length > 0 ? choose(random, confusable) : undefined;
}
