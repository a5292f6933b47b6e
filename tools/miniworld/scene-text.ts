/** Text about scenes, for documents. */
import type { Random } from "@mlan/core";
import { choose, chooseSeveral, happens } from "../../packages/data-miniworld/src/choose.ts";
import {
  GRID,
  placeOf,
  PLACES,
  type PlacedThing,
  randomScene,
  type Scene,
  sceneKey,
} from "../../packages/data-miniworld/src/scene.ts";
import { CELL_WORDS, sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { drawFrom } from "../../packages/data-miniworld/src/split.ts";
import {
  absentThing,
  COLORS,
  confusableThing,
  definiteName,
  tell,
  type Thing,
} from "../../packages/data-miniworld/src/thing.ts";
import { dispute, learned, times } from "./frame.ts";

export function inventoryOf(
  random: Random,
  scene: Scene,
  describe: (scene: Scene) => string,
  compound: boolean,
): string {
  const items = times(8, () => {
    const { thing, holds } = claimed(random, scene);
    return `${compound ? thing.color + thing.shape : tell(thing)}${learned(holds ? " present" : " absent")}`;
  });
  return `${describe(scene)}\n${items.join(choose(random, [" ", ", "]))}`;
}

/**
 * Draws colors by shape, shapes by color and the number of things, each immediately followed by its answer: the
 * lookups that are learned first.
 */
export function attributesOf(random: Random, scene: Scene, describe: (scene: Scene) => string): string {
  const items = times(8, () => {
    const { color, shape } = choose(random, scene);
    const isOnly = (key: "color" | "shape", value: string): boolean =>
      scene.filter((other) => other[key] === value).length === 1;
    if (happens(random, 0.15)) return `all${learned(` ${NUMBERS[scene.length] ?? ""}`)}`;
    if (happens(random, 0.5)) return isOnly("shape", shape) ? shape + learned(` ${color}`) : "";
    return isOnly("color", color) ? color + learned(` ${shape}`) : "";
  });
  return `${describe(scene)}\n${items.filter(Boolean).join(choose(random, [" ", ", "]))}`;
}

/**
 * Draws cells and places by thing, things by place, how two things are placed, and the number of things, each said at
 * once. Half of the time, the cells of two things are said before it is asked how they are placed.
 */
export function placesOf(random: Random, scene: Scene): string {
  const nameOf = choose(random, [compound, compound, definiteName]);
  const items = times(8, () => {
    const [one, other] = chooseSeveral(random, scene, 2);
    if (!one) return "";
    if (happens(random, 0.1)) return `things${learned(` ${NUMBERS[scene.length] ?? ""}`)}`;
    if (other && happens(random, 0.5)) return relationOf(random, [one, other], nameOf);
    if (happens(random, 0.4)) return cellOf(one, nameOf);
    const place = placeOf(one.cell);
    if (happens(random, 0.6)) return nameOf(one) + learned(` ${place}`);
    const isAlone = scene.filter(({ cell }) => placeOf(cell) === place).length === 1;
    return isAlone ? place + learned(` ${compound(one)}`) : "";
  });
  return `${sketch(scene)}\n${items.filter(Boolean).join(choose(random, ["\n", ", "]))}`;
}

function cellOf(thing: PlacedThing, nameOf: typeof compound): string {
  return `${nameOf(thing)} cell${learned(` ${CELL_WORDS[thing.cell] ?? ""}`)}`;
}

function relationOf(
  random: Random,
  [one, other]: readonly [PlacedThing, PlacedThing],
  nameOf: typeof compound,
): string {
  const axis = choose(random, AXES);
  if (axis.orderOf(one) === axis.orderOf(other)) return "";
  const said = happens(random, 0.5) ? [cellOf(one, nameOf), cellOf(other, nameOf)] : [];
  const asked = relationQuestion(axis, nameOf(one), nameOf(other));
  return [...said, asked + learned(` ${relationWord(axis, one, other)}`)].join(", ");
}

/**
 * Draws which of two things is further left: a comparison of columns, which is harder to learn than one of heights,
 * where the order of the words decides. A third of the lines compare named cells, and a third name the things' cells
 * first.
 */
export function sidesOf(random: Random, scene: Scene): string {
  const nameOf = choose(random, [compound, compound, definiteName]);
  const items = times(8, () => {
    const [one, other] = chooseSeveral(random, scene, 2);
    if (!one || !other || column(one) === column(other)) return "";
    const word = learned(` ${relationWord(AXES[0], one, other)}`);
    const kind = random.below(3);
    const [first = "", second = ""] =
      kind === 0 ? [one, other].map(({ cell }) => CELL_WORDS[cell]) : [one, other].map(nameOf);
    const said = kind === 1 ? [cellOf(one, nameOf), cellOf(other, nameOf)] : [];
    return [...said, relationQuestion(AXES[0], first, second) + word].join(", ");
  });
  return `${sketch(scene)}\n${items.filter(Boolean).join(choose(random, ["\n", ", "]))}`;
}

type Axis = (typeof AXES)[number];

export function relationQuestion({ words, after }: Axis, one: string, other: string): string {
  return `${one} ${words.join(" or ")}${after} ${other}`;
}

/** Returns how the first thing is placed relative to the second. They must differ in the axis' order. */
export function relationWord({ words, orderOf }: Axis, one: PlacedThing, other: PlacedThing): string {
  return words[orderOf(one) < orderOf(other) ? 0 : 1];
}

/** Two opposite relations of things, the word after them, and a number that the first relation makes smaller. */
export const AXES = [
  { words: ["left", "right"], after: " of", orderOf: column },
  { words: ["above", "below"], after: "", orderOf: row },
  { words: ["higher", "lower"], after: " than", orderOf: row },
] as const;

/** A claim about the scene, true or false with equal probability. */
interface Claim {
  readonly claim: string;
  readonly holds: boolean;
}

/** Draws a claim about a color, the number of things, a place, or how two things are placed. */
export function sceneClaim(random: Random, scene: Scene): Claim {
  const holds = happens(random, 0.5);
  const [one, other] = chooseSeveral(random, scene, 2);
  if (!one) throw new RangeError("miniworld: the scene is empty.");
  const pick = (right: string, all: readonly string[]): string =>
    holds
      ? right
      : choose(
          random,
          all.filter((wrong) => wrong !== right),
        );
  const axis = choose(random, AXES);
  if (other && axis.orderOf(one) !== axis.orderOf(other) && happens(random, 0.5)) {
    const relation = pick(relationWord(axis, one, other), axis.words);
    return {
      claim: `${definiteName(one)} ${relation}${axis.after} ${definiteName(other)}`,
      holds,
    };
  }
  if (happens(random, 0.2))
    return {
      claim: `${pick(NUMBERS[scene.length] ?? "", NUMBERS.slice(1))} things`,
      holds,
    };
  const isOnly = scene.filter(({ shape }) => shape === one.shape).length === 1;
  if (isOnly && happens(random, 0.6)) return { claim: `the ${one.shape} in ${pick(one.color, COLORS)}`, holds };
  return {
    claim: `${definiteName(one)} at the ${pick(placeOf(one.cell), PLACES)}`,
    holds,
  };
}

/** Draws a claim about the scene with text around it, and a verdict. */
export function claimDispute(random: Random, scene: Scene): string {
  const { claim, holds } = sceneClaim(random, scene);
  return dispute(random, `${claim}${choose(random, ["?", "."])}`, ["right", "wrong"], holds);
}

export function attributeRemark(random: Random, scene: Scene, isPlaced: boolean): string {
  const thing = choose(random, scene);
  const hasTwin = (key: "color" | "shape"): boolean => scene.filter((other) => other[key] === thing[key]).length > 1;
  if (happens(random, 0.3)) return `In all:${learned(` ${NUMBERS[scene.length]}`)}.`;
  if (isPlaced && happens(random, 0.3)) return placeRemark(random, scene);
  if (happens(random, 0.5)) return hasTwin("color") ? "" : `The ${thing.color} one:${learned(` ${thing.shape}`)}.`;
  return hasTwin("shape") ? "" : `The ${thing.shape}:${learned(` ${thing.color}`)}.`;
}

/** Draws a remark about the place of a thing, or the relative position of two things. */
function placeRemark(random: Random, scene: Scene): string {
  const [one, other] = chooseSeveral(random, scene, 2);
  if (!one) return "";
  if (!other || happens(random, 0.4)) return `${definiteName(one)}:${learned(` ${placeOf(one.cell)}`)}.`;
  const [left, above] = [Math.sign(column(one) - column(other)), Math.sign(row(one) - row(other))];
  const relations = [
    ...(left === 0 ? [] : [left < 0 ? "left of" : "right of"]),
    ...(above === 0 ? [] : [above < 0 ? "above" : "below"]),
  ];
  return `${definiteName(one)} is ${choose(random, relations)} ${definiteName(other)}.`;
}

function column({ cell }: { readonly cell: number }): number {
  return cell % GRID;
}

function row({ cell }: { readonly cell: number }): number {
  return Math.floor(cell / GRID);
}

function compound({ color, shape }: Thing): string {
  return color + shape;
}

export function sceneDispute(random: Random, scene: Scene): string {
  const { thing, holds } = claimed(random, scene);
  return dispute(random, choose(random, DOUBTS)(tell(thing)), ["present", "absent"], holds);
}

const DOUBTS: readonly ((thing: string) => string)[] = [
  (thing) => `Think of ${thing} in this picture.`,
  (thing) => `Look here: ${thing}?`,
  (thing) => `${thing} in the picture?`,
  (thing) => `Do we see ${thing}?`,
  (thing) => `There is ${thing}?`,
];

export function claimed(random: Random, scene: readonly Thing[]): { readonly thing: Thing; readonly holds: boolean } {
  if (happens(random, 0.5)) return { thing: choose(random, scene), holds: true };
  const confusable = happens(random, 0.5) ? confusableThing(random, scene) : undefined;
  return { thing: confusable ?? absentThing(random, scene), holds: false };
}

/** Returns a sketch without its empty cells. */
export function brief(scene: Scene): string {
  return scene.map(({ color, shape }) => color + shape).join(" ");
}

export function trainingScene(random: Random): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

const NUMBERS = ["none", "one", "two", "three", "four"];
