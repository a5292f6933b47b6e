import type { Random } from "@mlan/core";
import { choose, happens } from "./choose.ts";
import type { Asked } from "./exercise.ts";
import { uniqueBy } from "./pictured-rows.ts";
import { GRID, placeOf, PLACES, type PlacedThing, type Scene } from "./scene.ts";
import { COLORS, confusableThings, definiteName, isSame, SHAPES, tell, THINGS } from "./thing.ts";

export interface SceneView {
  /** Whether the context shows where things are, as pictures and sketches do, and not only which things there are. */
  readonly isPlaced: boolean;
}

/** Draws what to ask about a scene: which things are there, their colors, shapes and number, and, if it shows them, their places. */
export function askAboutScene(random: Random, scene: Scene, { isPlaced }: SceneView): Asked {
  for (;;) {
    const asked = choose(random, isPlaced ? [...SEEN, ...PLACED] : SEEN)(random, scene);
    if (asked) return asked;
  }
}

type Kind = (random: Random, scene: Scene) => Asked | undefined;

const SEEN: readonly Kind[] = [
  askWhatIsSeen,
  askWhatIsSeen,
  askWhatIsMissing,
  askForColor,
  askForColor,
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
  (thing) => `Can you spot ${thing} here?`,
  (thing) => `Does the scene contain ${thing}?`,
  (thing) => `Do you see ${thing}?`,
  (thing) => `Does it show ${thing}?`,
  (thing) => `Can ${thing} be seen?`,
  (thing) => `Is ${thing} present here?`,
  (thing) => `Is ${thing} shown here?`,
];

function askWhatIsMissing(random: Random, scene: Scene): Asked {
  const word = choose(random, ["missing", "absent"]);
  const absent = happens(random, 0.4) ? confusableThings(scene).map(tell) : absentFrom(scene);
  return {
    question: choose(random, [
      "Which of these is missing?",
      "Which of these can you not see?",
      "Which of these is absent?",
      "Which thing is absent here?",
    ]),
    isOpen: false,
    right: choose(random, absent.length > 0 ? absent : absentFrom(scene)),
    others: scene.map(tell),
    verify: (thing) => `Do you think that ${thing} is ${word}?`,
  };
}

function askForColor(random: Random, scene: Scene): Asked | undefined {
  const known = uniqueBy(scene, ({ shape }) => shape);
  if (known.length === 0) return undefined;
  const { color, shape } = choose(random, known);
  return {
    question: choose(random, [
      `What colour is the ${shape}?`,
      `Say the colour of the ${shape}.`,
      `Which colour do you see on the ${shape}?`,
      `What colour does the ${shape} show?`,
      `The ${shape} has which colour?`,
    ]),
    isOpen: true,
    right: color,
    tempting: scene.map((thing) => thing.color),
    others: COLORS,
    verify: choose(random, [
      (answer: string) => `Does the ${shape} look ${answer}?`,
      (answer: string) => `Is the colour of the ${shape} ${answer}?`,
      (answer: string) => `Is ${answer} the colour of the ${shape}?`,
      (answer: string) => `Is this ${shape} ${answer}?`,
      (answer: string) => `Is it right that the ${shape} is ${answer}?`,
    ]),
  };
}

function askForShape(random: Random, scene: Scene): Asked | undefined {
  const known = uniqueBy(scene, ({ color }) => color);
  if (known.length === 0) return undefined;
  const { color, shape } = choose(random, known);
  return {
    question: choose(random, [
      `What shape is the ${color} thing?`,
      `Say the shape of the ${color} thing.`,
      `Which shape do you see in ${color}?`,
      `What shape does the ${color} thing show?`,
      `The ${color} thing has which shape?`,
    ]),
    isOpen: true,
    right: shape,
    tempting: scene.map((thing) => thing.shape),
    others: SHAPES,
    verify: choose(random, [
      (answer: string) => `Does the ${color} thing look like a ${answer}?`,
      (answer: string) => `Is the shape of the ${color} thing a ${answer}?`,
      (answer: string) => `Do you see that the ${color} thing is a ${answer}?`,
    ]),
  };
}

function askForNumber(random: Random, scene: Scene): Asked {
  return {
    question: choose(random, [
      "How many things do you see?",
      "Count the things.",
      "Say the number of things.",
      "Which number of things do you see here?",
      "Which is the number of things here?",
      "What number of things can be seen?",
    ]),
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
    question: choose(random, [
      `Where is ${definiteName(thing)}?`,
      `Say the place of ${definiteName(thing)}.`,
      `Which place does ${definiteName(thing)} have?`,
      `In which place do you see ${definiteName(thing)}?`,
    ]),
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
    question: choose(random, [
      `What stands at the ${place}?`,
      `Which thing do you see at the ${place}?`,
      `Name the thing at the ${place}.`,
    ]),
    isOpen: true,
    right: tell(thing),
    tempting: scene.map(tell),
    others: THINGS.map(tell),
    verify: (answer) => `Does ${answer} stand at the ${place}?`,
  };
}

function askForSide(random: Random, scene: Scene): Asked | undefined {
  return askForRelation(random, scene, choose(random, SIDES), ({ cell }) => cell % GRID);
}

function askForHeight(random: Random, scene: Scene): Asked | undefined {
  return askForRelation(random, scene, choose(random, HEIGHTS), ({ cell }) => Math.floor(cell / GRID));
}

/** Two opposite answers, and the words around them. */
interface Relation {
  readonly answers: readonly [string, string];
  readonly before: string;
  readonly after: string;
}

const SIDES: readonly Relation[] = [
  { answers: ["left", "right"], before: "", after: " of" },
  { answers: ["left", "right"], before: "on the ", after: " of" },
];

const HEIGHTS: readonly Relation[] = [
  { answers: ["higher", "lower"], before: "", after: " than" },
  { answers: ["above", "below"], before: "", after: "" },
];

/** Asks on which side of another thing a thing is; undefined if no two things differ in `orderOf`. */
function askForRelation(
  random: Random,
  scene: Scene,
  { answers, before, after }: Relation,
  orderOf: (thing: PlacedThing) => number,
): Asked | undefined {
  const pairs = scene.flatMap((one) =>
    scene.filter((other) => orderOf(one) !== orderOf(other)).map((other) => [one, other] as const),
  );
  if (pairs.length === 0) return undefined;
  const [one, other] = choose(random, pairs);
  const names = [definiteName(one), definiteName(other)];
  const ask = choose(random, [
    (relation: string) => `Does ${names[0]} stand ${relation} ${names[1]}?`,
    (relation: string) => `Do you see ${names[0]} ${relation} ${names[1]}?`,
    (relation: string) => `Is ${names[0]} seen ${relation} ${names[1]}?`,
  ]);
  return {
    question: ask(answers.map((answer) => before + answer).join(" or ") + after),
    isOpen: true,
    right: answers[orderOf(one) < orderOf(other) ? 0 : 1],
    others: answers,
    verify: (answer) => ask(before + answer + after),
  };
}

function absentFrom(scene: Scene): readonly string[] {
  return THINGS.filter((thing) => !scene.some((other) => isSame(thing, other))).map(tell);
}
