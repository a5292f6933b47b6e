import { type Random, seededRandom } from "@mlan/core";
import { ALL_THINGS } from "./benchmark-story.ts";
import { choose } from "./choose.ts";
import { offer } from "./offer.ts";
import { benchmarkScene, type PicturedRows, uniqueBy } from "./pictured-rows.ts";
import { placeOf, PLACES, type Scene } from "./scene.ts";
import { absentThing, definiteName, tell } from "./thing.ts";

/** A row of lmms-lab/ai2d; `answer` is the number of an option, counted from 0. */
export interface Ai2dRow {
  readonly question: string;
  readonly options: readonly string[];
  readonly answer: string;
  readonly image: string;
}

/** Draws three questions on one image: which thing is at a place, where a thing is, and which thing is missing. */
export function ai2dImage(seed: number, index: number): PicturedRows<Ai2dRow> {
  const random = seededRandom(seed);
  const scene = benchmarkScene(random, [3, 4], (it) => uniqueBy(it, placeName).length > 0);
  const image = `images/${index}.png`;
  const rows = KINDS.map((kind, question) => {
    const place = (index * KINDS.length + question) % 4;
    const asked = kind(random, scene);
    return {
      question: asked.question,
      options: offer(random, { ...asked, count: 4, place }),
      answer: String(place),
      image,
    };
  });
  return { image, scene, rows };
}

interface Asked {
  readonly question: string;
  readonly right: string;
  readonly tempting: readonly string[];
  readonly others: readonly string[];
}

const KINDS: readonly ((random: Random, scene: Scene) => Asked)[] = [askForThing, askForPlace, askForAbsent];

function askForThing(random: Random, scene: Scene): Asked {
  const thing = choose(random, uniqueBy(scene, placeName));
  return {
    question: `Which thing is at the ${placeOf(thing.cell)} of this image?`,
    right: tell(thing),
    tempting: scene.map(tell),
    others: ALL_THINGS,
  };
}

function askForPlace(random: Random, scene: Scene): Asked {
  const thing = choose(random, scene);
  return {
    question: `At which place does one find ${definiteName(thing)}?`,
    right: placeOf(thing.cell),
    tempting: scene.map(placeName),
    others: PLACES,
  };
}

function askForAbsent(random: Random, scene: Scene): Asked {
  return {
    question: "Which of the four is absent from this image?",
    right: tell(absentThing(random, scene)),
    tempting: scene.map(tell),
    others: [],
  };
}

function placeName({ cell }: { readonly cell: number }): string {
  return placeOf(cell);
}
