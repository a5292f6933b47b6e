import { type Random, seededRandom } from "@mlan/core";
import { choose } from "./choose.ts";
import { letterAt, offer } from "./offer.ts";
import { benchmarkScene, type PicturedRows } from "./pictured-rows.ts";
import { GRID, placeOf, PLACES, type Scene } from "./scene.ts";
import { definiteName } from "./thing.ts";

/** A row of lmms-lab/RealWorldQA; the options and the answer instruction are part of the question. */
export interface RealworldqaRow {
  readonly image: string;
  readonly question: string;
  readonly answer: string;
  readonly image_path: string;
}

/** Draws one question on one image: where a thing is, which of two things is higher, or how many things there are. */
export function realworldqaImage(seed: number, index: number): PicturedRows<RealworldqaRow> {
  const random = seededRandom(seed);
  const scene = benchmarkScene(random, [2, 3, 4], (it) => rowOf(it[0]?.cell) !== rowOf(it.at(-1)?.cell));
  const image = `images/${String(index).padStart(6, "0")}.png`;
  const turn = Math.floor(index / KINDS.length);
  const asked = (KINDS[index % KINDS.length] ?? askForPlace)(random, scene, turn);
  return { image, scene, rows: [{ image, ...asked, image_path: image }] };
}

type Asked = Pick<RealworldqaRow, "question" | "answer">;

const LETTER = "Please answer directly with only the letter of the correct option and nothing else.";
const WORD = "Please answer directly with a single word or number.";

const KINDS: readonly ((random: Random, scene: Scene, turn: number) => Asked)[] = [
  askForPlace,
  askWhetherAbove,
  askForNumber,
];

function askForPlace(random: Random, scene: Scene, turn: number): Asked {
  const thing = choose(random, scene);
  const place = turn % 3;
  const tempting = scene.map(({ cell }) => placeOf(cell));
  const options = offer(random, { right: placeOf(thing.cell), tempting, others: PLACES, count: 3, place });
  const lines = options.map((option, at) => `${letterAt(at)}. ${option}`);
  const question = `In which place of the image is ${definiteName(thing)}?`;
  return { question: `${question}\n\n${lines.join("\n")}\n${LETTER}`, answer: letterAt(place) };
}

function askWhetherAbove(random: Random, scene: Scene, turn: number): Asked {
  const [higher, lower] = differentRows(random, scene);
  const isAbove = turn % 2 === 0;
  const [one, other] = isAbove ? [higher, lower] : [lower, higher];
  const question = `Is ${one} above ${other} in this image?`;
  return { question: `${question} ${WORD}`, answer: isAbove ? "Yes" : "No" };
}

function askForNumber(_: Random, scene: Scene): Asked {
  return { question: `What is the number of things in this image? ${WORD}`, answer: String(scene.length) };
}

/** Draws two things, the first of which is in a higher row. */
function differentRows(random: Random, scene: Scene): readonly [string, string] {
  const pairs = scene.flatMap((one) =>
    scene.filter((other) => rowOf(one.cell) < rowOf(other.cell)).map((other) => [one, other] as const),
  );
  const [higher, lower] = choose(random, pairs);
  return [definiteName(higher), definiteName(lower)];
}

function rowOf(cell = 0): number {
  return Math.floor(cell / GRID);
}
