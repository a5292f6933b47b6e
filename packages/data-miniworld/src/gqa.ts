import { type Random, seededRandom } from "@mlan/core";
import { capitalize } from "./caption.ts";
import { choose } from "./choose.ts";
import { type GqaAsked, type GqaRow, type GqaStep, questionRow } from "./gqa-row.ts";
import { benchmarkScene, type PicturedRows, uniqueBy } from "./pictured-rows.ts";
import { GRID, type PlacedThing, type Scene } from "./scene.ts";
import { COLORS, definiteName } from "./thing.ts";

const QUESTIONS_PER_IMAGE = 4;

/**
 * Draws four questions on one image: one about a color or a shape, one about a side, and two yes/no questions, of
 * which one is answered yes.
 */
export function gqaImage(seed: number, index: number): PicturedRows<GqaRow> {
  const random = seededRandom(seed);
  const scene = benchmarkScene(
    random,
    [2, 3, 4],
    (it) => uniqueBy(it, colorOf).length > 0 && uniqueBy(it, shapeOf).length > 0 && pairs(it).length > 0,
  );
  const imageId = `n${100_000 + index}`;
  const turn = index % 2 === 0;
  const asked = [
    turn ? askForColor(random, scene) : askForShape(random, scene),
    askForSide(random, scene, turn),
    askWhetherColor(random, scene, turn),
    askWhetherLeft(random, scene, !turn),
  ];
  const rows = asked.map((question, at) => questionRow(index * QUESTIONS_PER_IMAGE + at, imageId, question));
  return { image: `images/${imageId}.png`, scene, rows };
}

function askForColor(random: Random, scene: Scene): GqaAsked {
  const { color, shape, cell } = choose(random, uniqueBy(scene, shapeOf));
  return {
    question: `Which colour does the ${shape} have?`,
    answer: color,
    fullAnswer: `The ${shape} is ${color}.`,
    types: { structural: "query", semantic: "attr", detailed: "colorQuery" },
    steps: [select(shape, cell), step("query", "color", [0])],
  };
}

function askForShape(random: Random, scene: Scene): GqaAsked {
  const { color, shape, cell } = choose(random, uniqueBy(scene, colorOf));
  return {
    question: `Which shape does the ${color} thing have?`,
    answer: shape,
    fullAnswer: `The ${color} thing is a ${shape}.`,
    types: { structural: "query", semantic: "cat", detailed: "categoryThis" },
    steps: [select("thing", cell), step("filter color", color, [0]), step("query", "name", [1])],
  };
}

function askForSide(random: Random, scene: Scene, isLeft: boolean): GqaAsked {
  const [one, other] = sides(random, scene, isLeft);
  const answer = isLeft ? "left" : "right";
  return {
    question: `Is ${definiteName(one)} to the left or to the right of ${definiteName(other)}?`,
    answer,
    fullAnswer: `${capitalize(definiteName(one))} is to the ${answer} of ${definiteName(other)}.`,
    types: { structural: "choose", semantic: "rel", detailed: "relChooser" },
    steps: [
      select(other.shape, other.cell),
      step("choose rel", `${one.shape},to the left of|to the right of,s (${one.cell})`, [0]),
    ],
  };
}

function askWhetherColor(random: Random, scene: Scene, holds: boolean): GqaAsked {
  const { color, shape, cell } = choose(random, uniqueBy(scene, shapeOf));
  const others = COLORS.filter((other) => other !== color);
  const tempting = others.filter((other) => scene.some((thing) => thing.color === other));
  const asked = holds ? color : choose(random, tempting.length > 0 ? tempting : others);
  return {
    question: `Is the ${shape} ${asked}?`,
    answer: holds ? "yes" : "no",
    fullAnswer: `${holds ? "Yes" : "No"}, the ${shape} is ${color}.`,
    types: { structural: "verify", semantic: "attr", detailed: "verifyAttrC" },
    steps: [select(shape, cell), step("verify color", asked, [0])],
  };
}

function askWhetherLeft(random: Random, scene: Scene, holds: boolean): GqaAsked {
  const [one, other] = sides(random, scene, holds);
  return {
    question: `Is ${definiteName(one)} to the left of ${definiteName(other)}?`,
    answer: holds ? "yes" : "no",
    fullAnswer: `${holds ? "Yes" : "No"}, ${definiteName(one)} is to the ${holds ? "left" : "right"} of ${definiteName(other)}.`,
    types: { structural: "verify", semantic: "rel", detailed: "relVerify" },
    steps: [select(other.shape, other.cell), step("verify rel", `${one.shape},to the left of,s (${one.cell})`, [0])],
  };
}

/** Draws two things. The first is to the left of the second if `isLeft`, otherwise to its right. */
function sides(random: Random, scene: Scene, isLeft: boolean): readonly [PlacedThing, PlacedThing] {
  const [left, right] = choose(random, pairs(scene));
  return isLeft ? [left, right] : [right, left];
}

function pairs(scene: Scene): readonly (readonly [PlacedThing, PlacedThing])[] {
  return scene.flatMap((one) =>
    scene.filter((other) => one.cell % GRID < other.cell % GRID).map((other) => [one, other] as const),
  );
}

function select(name: string, cell: number): GqaStep {
  return step("select", `${name} (${cell})`);
}

function step(operation: string, argument: string, dependencies: readonly number[] = []): GqaStep {
  return { operation, argument, dependencies };
}

function colorOf({ color }: PlacedThing): string {
  return color;
}

function shapeOf({ shape }: PlacedThing): string {
  return shape;
}
