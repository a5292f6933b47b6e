import { seededRandom } from "@mlan/core";
import { chooseSeveral } from "./choose.ts";
import { benchmarkScene, type PicturedRows } from "./pictured-rows.ts";
import { absentThing, confusableThing, tell, type Thing } from "./thing.ts";

/** A row of lmms-lab/POPE; `image` is a path relative to the benchmark's folder. */
export interface PopeRow {
  readonly id: string;
  readonly question_id: string;
  readonly question: string;
  readonly answer: "yes" | "no";
  readonly image_source: string;
  readonly image: string;
  readonly category: "adversarial" | "random";
}

/**
 * Draws questions about two present things and two absent ones: one drawn from all others, and one whose color and
 * shape are both present but not combined (category "adversarial").
 */
export function popeImage(seed: number, index: number): PicturedRows<PopeRow> {
  const random = seededRandom(seed);
  const scene = benchmarkScene(random, [2, 3, 4]);
  const source = `miniworld_${String(index).padStart(6, "0")}`;
  const image = `images/${source}.png`;
  const [first, second] = chooseSeveral(random, scene, 2);
  const absent = absentThing(random, scene);
  const confusable = confusableThing(random, [...scene]) ?? absentThing(random, [...scene, absent]);
  const asked = [
    { thing: first, answer: "yes", category: "random" },
    { thing: absent, answer: "no", category: "random" },
    { thing: second, answer: "yes", category: "adversarial" },
    { thing: confusable, answer: "no", category: "adversarial" },
  ] as const;
  const rows = asked.map(({ thing, answer, category }, question) =>
    row(index * 4 + question, thing ?? absent, answer, category),
  );
  return { image, scene, rows };

  function row(id: number, thing: Thing, answer: "yes" | "no", category: PopeRow["category"]): PopeRow {
    const question = `Is there ${tell(thing)} in the image?`;
    return { id: String(id), question_id: String(id + 1), question, answer, image_source: source, image, category };
  }
}
