import type { Random } from "@mlan/core";
import { choose, happens } from "./choose.ts";
import type { Asked } from "./exercise.ts";
import { uniqueBy } from "./pictured-rows.ts";
import { GRID, placeOf, PLACES, type PlacedThing, type Scene } from "./scene.ts";
import { COLOURS, confusableThings, definiteName, isSame, SHAPES, tell, THINGS } from "./thing.ts";

export interface SceneView {
  /** Whether the context shows where things are, as pictures and sketches do, and not only which things there are. */
  readonly isPlaced: boolean;
}

/** Draws what to ask about a scene. A third asks which things are there; most others ask about colours, shapes and their number, some about places. */
export function askAboutScene(random: Random, scene: Scene, { isPlaced }: SceneView): Asked {
  for (;;) {
    const asked = choose(random, isPlaced ? [...SEEN, ...SEEN, ...PLACED] : SEEN)(random, scene);
    if (asked) return asked;
  }
}

type Kind = (random: Random, scene: Scene) => Asked | undefined;

const SEEN: readonly Kind[] = [
  askWhatIsSeen,
  askWhatIsSeen,
  askWhatIsMissing,
  askForColour,
  askForColour,
  askForShape,
  askForShape,
  askForNumber,
  askForNumber,
];
const PLACED: readonly Kind[] = [askForPlace, askWhatIsThere, askForSide, askForHeight];

function askWhatIsSeen(random: Random, scene: Scene): Asked {
  const wording = choose(random, THING_QUESTIONS);
  return {
    question: choose(random, ["Which of these can be seen?", "Which of these do you see?", "What does it show?"]),
    isOpen: false,
    right: tell(choose(random, scene)),
    tempting: confusableThings(scene).map(tell),
    others: absentFrom(scene),
    verify: wording,
  };
}

const THING_QUESTIONS: readonly ((thing: string) => string)[] = [
  (thing) => `Can you find ${thing} here?`,
  (thing) => `Does the scene contain ${thing}?`,
  (thing) => `Do you see ${thing}?`,
  (thing) => `Does it show ${thing}?`,
  (thing) => `Can ${thing} be seen?`,
];

function askWhatIsMissing(random: Random, scene: Scene): Asked {
  const absent = happens(random, 0.4) ? confusableThings(scene).map(tell) : absentFrom(scene);
  return {
    question: choose(random, ["Which of these is missing?", "Which of these can you not see?"]),
    isOpen: false,
    right: choose(random, absent.length > 0 ? absent : absentFrom(scene)),
    others: scene.map(tell),
    verify: (thing) => `Is ${thing} missing here?`,
  };
}

function askForColour(random: Random, scene: Scene): Asked | undefined {
  const known = uniqueBy(scene, ({ shape }) => shape);
  if (known.length === 0) return undefined;
  const { colour, shape } = choose(random, known);
  return {
    question: choose(random, [`What colour is the ${shape}?`, `Say the colour of the ${shape}.`]),
    isOpen: true,
    right: colour,
    tempting: scene.map((thing) => thing.colour),
    others: COLOURS,
    verify: (answer) => `Does the ${shape} look ${answer}?`,
  };
}

function askForShape(random: Random, scene: Scene): Asked | undefined {
  const known = uniqueBy(scene, ({ colour }) => colour);
  if (known.length === 0) return undefined;
  const { colour, shape } = choose(random, known);
  return {
    question: choose(random, [`What shape is the ${colour} thing?`, `Say the shape of the ${colour} thing.`]),
    isOpen: true,
    right: shape,
    tempting: scene.map((thing) => thing.shape),
    others: SHAPES,
    verify: (answer) => `Does the ${colour} thing look like a ${answer}?`,
  };
}

function askForNumber(random: Random, scene: Scene): Asked {
  return {
    question: choose(random, ["How many things do you see?", "Count the things."]),
    isOpen: true,
    right: NUMBERS[scene.length] ?? "many",
    others: NUMBERS.slice(1),
    verify: (answer) => `Do you count ${answer} here?`,
  };
}

const NUMBERS = ["none", "one", "two", "three", "four", "five"];

function askForPlace(random: Random, scene: Scene): Asked {
  const thing = choose(random, scene);
  return {
    question: `Where is ${definiteName(thing)}?`,
    isOpen: true,
    right: placeOf(thing.cell),
    tempting: scene.map(({ cell }) => placeOf(cell)),
    others: PLACES,
    verify: (place) => `Does ${definiteName(thing)} stand at the ${place}?`,
  };
}

function askWhatIsThere(random: Random, scene: Scene): Asked | undefined {
  const known = uniqueBy(scene, ({ cell }) => placeOf(cell));
  if (known.length === 0) return undefined;
  const thing = choose(random, known);
  const place = placeOf(thing.cell);
  return {
    question: `What stands at the ${place}?`,
    isOpen: true,
    right: tell(thing),
    tempting: scene.map(tell),
    others: THINGS.map(tell),
    verify: (answer) => `Does ${answer} stand at the ${place}?`,
  };
}

function askForSide(random: Random, scene: Scene): Asked | undefined {
  return askForRelation(random, scene, ["left", "right"], ({ cell }) => cell % GRID);
}

function askForHeight(random: Random, scene: Scene): Asked | undefined {
  return askForRelation(random, scene, ["higher", "lower"], ({ cell }) => Math.floor(cell / GRID));
}

/** Asks on which side of another thing a thing is; undefined if no two things differ in `orderOf`. */
function askForRelation(
  random: Random,
  scene: Scene,
  words: readonly [string, string],
  orderOf: (thing: PlacedThing) => number,
): Asked | undefined {
  const pairs = scene.flatMap((one) =>
    scene.filter((other) => orderOf(one) !== orderOf(other)).map((other) => [one, other] as const),
  );
  if (pairs.length === 0) return undefined;
  const [one, other] = choose(random, pairs);
  const [names, than] = [[definiteName(one), definiteName(other)], words[0] === "left" ? "of" : "than"];
  return {
    question: `Does ${names[0]} stand ${words.join(" or ")} ${than} ${names[1]}?`,
    isOpen: true,
    right: words[orderOf(one) < orderOf(other) ? 0 : 1],
    others: words,
    verify: (answer) => `Does ${names[0]} stand ${answer} ${than} ${names[1]}?`,
  };
}

function absentFrom(scene: Scene): readonly string[] {
  return THINGS.filter((thing) => !scene.some((other) => isSame(thing, other))).map(tell);
}
