/** Text about scenes, for documents. */
import type { Random } from "@mlan/core";
import { choose, chooseSeveral, happens } from "../../packages/data-miniworld/src/choose.ts";
import {
  GRID,
  placeOf,
  type PlacedThing,
  randomScene,
  type Scene,
  sceneKey,
} from "../../packages/data-miniworld/src/scene.ts";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { drawFrom } from "../../packages/data-miniworld/src/split.ts";
import { absentThing, confusableThing, tell, type Thing } from "../../packages/data-miniworld/src/thing.ts";
import { dispute, learned, times } from "./frame.ts";

export function inventoryOf(
  random: Random,
  scene: Scene,
  describe: (scene: Scene) => string,
  compound: boolean,
): string {
  const items = times(8, () => {
    const { thing, holds } = claimed(random, scene);
    return `${compound ? thing.colour + thing.shape : tell(thing)}${learned(holds ? " present" : " absent")}`;
  });
  return `${describe(scene)}\n${items.join(choose(random, [" ", ", "]))}`;
}

/**
 * Draws colors by shape, shapes by color and the number of things, each immediately followed by its answer: the
 * lookups that are learned first.
 */
export function attributesOf(random: Random, scene: Scene, describe: (scene: Scene) => string): string {
  const items = times(8, () => {
    const { colour, shape } = choose(random, scene);
    const isOnly = (key: "colour" | "shape", value: string): boolean =>
      scene.filter((other) => other[key] === value).length === 1;
    if (happens(random, 0.15)) return `all${learned(` ${NUMBERS[scene.length] ?? ""}`)}`;
    if (happens(random, 0.5)) return isOnly("shape", shape) ? shape + learned(` ${colour}`) : "";
    return isOnly("colour", colour) ? colour + learned(` ${shape}`) : "";
  });
  return `${describe(scene)}\n${items.filter(Boolean).join(choose(random, [" ", ", "]))}`;
}

/** Places by thing, things by place, how two things are placed, and the number of things, each said at once. */
export function placesOf(random: Random, scene: Scene): string {
  const items = times(8, () => {
    const [one, other] = chooseSeveral(random, scene, 2);
    if (!one) return "";
    if (happens(random, 0.15)) return `things${learned(` ${NUMBERS[scene.length] ?? ""}`)}`;
    if (other && happens(random, 0.35)) return relationOf(random, one, other);
    const [name, place] = [compound(one), placeOf(one.cell)];
    if (happens(random, 0.6)) return name + learned(` ${place}`);
    const isAlone = scene.filter(({ cell }) => placeOf(cell) === place).length === 1;
    return isAlone ? place + learned(` ${name}`) : "";
  });
  return `${sketch(scene)}\n${items.filter(Boolean).join(choose(random, ["\n", ", "]))}`;
}

function relationOf(random: Random, one: PlacedThing, other: PlacedThing): string {
  const { words, orderOf } = choose(random, AXES);
  const [first, second] = [orderOf(one), orderOf(other)];
  if (first === second) return "";
  return `${compound(one)} ${words.join(" or ")} of ${compound(other)}${learned(` ${words[first < second ? 0 : 1]}`)}`;
}

const AXES = [
  { words: ["left", "right"], orderOf: ({ cell }: PlacedThing) => cell % GRID },
  { words: ["above", "below"], orderOf: row },
] as const;

export function attributeRemark(random: Random, scene: Scene): string {
  const thing = choose(random, scene);
  const hasTwin = (key: "colour" | "shape"): boolean => scene.filter((other) => other[key] === thing[key]).length > 1;
  if (happens(random, 0.3)) return `In all:${learned(` ${NUMBERS[scene.length]}`)}.`;
  if (happens(random, 0.3)) return placeRemark(random, scene);
  if (happens(random, 0.5)) return hasTwin("colour") ? "" : `The ${thing.colour} one:${learned(` ${thing.shape}`)}.`;
  return hasTwin("shape") ? "" : `The ${thing.shape}:${learned(` ${thing.colour}`)}.`;
}

/** Draws a remark about the place of a thing, or the relative position of two things. */
export function placeRemark(random: Random, scene: Scene): string {
  const [one, other] = chooseSeveral(random, scene, 2);
  if (!one) return "";
  if (!other || happens(random, 0.4)) return `${definite(one)}:${learned(` ${placeOf(one.cell)}`)}.`;
  const [left, above] = [Math.sign((one.cell % GRID) - (other.cell % GRID)), Math.sign(row(one) - row(other))];
  const relations = [
    ...(left === 0 ? [] : [left < 0 ? "left of" : "right of"]),
    ...(above === 0 ? [] : [above < 0 ? "above" : "below"]),
  ];
  return `${definite(one)} is ${choose(random, relations)} ${definite(other)}.`;
}

function row({ cell }: { readonly cell: number }): number {
  return Math.floor(cell / GRID);
}

function compound({ colour, shape }: Thing): string {
  return colour + shape;
}

function definite({ colour, shape }: Thing): string {
  return `the ${colour} ${shape}`;
}

export function sceneDispute(random: Random, scene: Scene): string {
  const { thing, holds } = claimed(random, scene);
  return dispute(random, choose(random, DOUBTS)(tell(thing)), ["present", "absent"], holds);
}

const DOUBTS: readonly ((thing: string) => string)[] = [
  (thing) => `Look for ${thing} in this image.`,
  (thing) => `Look here: ${thing}?`,
  (thing) => `${thing} in the image?`,
  (thing) => `Do we see ${thing}?`,
  (thing) => `There is ${thing}?`,
];

export function claimed(random: Random, scene: readonly Thing[]): { readonly thing: Thing; readonly holds: boolean } {
  if (happens(random, 0.5)) return { thing: choose(random, scene), holds: true };
  const confusable = happens(random, 0.5) ? confusableThing(random, scene) : undefined;
  return { thing: confusable ?? absentThing(random, scene), holds: false };
}

/** Returns a sketch without its blanks. */
export function brief(scene: Scene): string {
  return scene.map(({ colour, shape }) => colour + shape).join(" ");
}

export function trainingScene(random: Random): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

const NUMBERS = ["none", "one", "two", "three", "four"];
