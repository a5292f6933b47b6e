/**
 * Prints how many answers of a checkpoint are right, for each skill of pretraining, in new documents.
 * `npx tsx --conditions=@mlan/source tools/miniworld/measure-skills.ts [checkpoint folder, default: mini-llama2]`
 */
import { pathToFileURL } from "node:url";
import { createScope, deriveSeed, MODEL, type Random, seededRandom } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer } from "@mlan/trainer-cpu";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { answers } from "./choice-text.ts";
import { MARKS } from "./frame.ts";
import { bareLists, debate, tickList } from "./documents.ts";
import { wordLookups } from "./label-text.ts";
import { attributesOf, brief, placesOf, sidesOf, trainingScene } from "./scene-text.ts";

interface Skill {
  readonly name: string;
  draw(random: Random): string;
  /** Selects answers by the text between the answer before and this one. Default: all. */
  readonly cue?: RegExp;
}

const draw = (random: Random): string => placesOf(random, trainingScene(random));
const seedOf = (random: Random): number => random.below(1_000_000);

const SKILLS: readonly Skill[] = [
  { name: "labels of words", draw: wordLookups },
  { name: "colors and shapes in a brief list", draw: (random) => attributesOf(random, trainingScene(random), brief) },
  { name: "colors and shapes in a sketch", draw: (random) => attributesOf(random, trainingScene(random), sketch) },
  { name: "number of things", draw, cue: /things$/ },
  { name: "cells", draw, cue: /cell$/ },
  { name: "places, and things at places", draw, cue: /^(?!.*(things|cell| or )).*$/s },
  {
    name: "left or right",
    draw: (random) => sidesOf(random, trainingScene(random)),
    cue: /left or right of [a-z ]{3,}$/,
  },
  { name: "above or below, higher or lower", draw, cue: /(above or below|higher or lower)/ },
  { name: "answers after other text", draw: (random) => answers(random, 1) },
  { name: "right or wrong", draw: (random) => debate(3, seedOf(random)), cue: /"$/ },
  { name: "yes or no", draw: (random) => tickList(3, seedOf(random)), cue: /./s },
  { name: "letters of bare lists", draw: (random) => bareLists(3, seedOf(random)), cue: /letter[^\n]*$/ },
];

const QUESTIONS = 200;
const [folder] = process.argv.slice(2);
const weights =
  folder === undefined
    ? new URL("../../packages/data-miniworld/checkpoints/mini-llama2/", import.meta.url)
    : pathToFileURL(`${folder}/`);
await using scope = createScope([llama2({ weights }), cpuTrainer()]);
const model = await scope.get(MODEL).open({ seed: 1 });
for (const skill of SKILLS) {
  const asked = questionsOf(skill);
  const requests = asked.map(({ prompt }, index) => ({
    id: String(index),
    images: [],
    prompt: { kind: "raw", beginOfSequence: true, text: prompt } as const,
    maximumNewTokens: 6,
  }));
  let right = 0;
  for await (const { id, text } of model.generate(requests))
    if (`${text.trim()} `.startsWith(asked[Number(id)]?.answer ?? "?")) right++;
  console.log(`${skill.name}: ${((100 * right) / asked.length).toFixed(1)} % of ${asked.length}`);
}

interface Asked {
  readonly prompt: string;
  readonly answer: string;
}

/** Returns one question from each of several documents: everything before one of its answers. */
function questionsOf({ name, draw, cue = /./s }: Skill): readonly Asked[] {
  const asked: Asked[] = [];
  for (let index = 0; asked.length < QUESTIONS; index++) {
    const random = seededRandom(deriveSeed(2, `${name} ${index}`));
    const pieces = draw(random).split(MARKS.start);
    const known = pieces.slice(1).flatMap((piece, at): Asked[] => {
      const [answer = ""] = piece.split(MARKS.end);
      const before = pieces[at]?.split(MARKS.end).at(-1) ?? "";
      return cue.test(before)
        ? [
            {
              prompt: pieces
                .slice(0, at + 1)
                .join("")
                .replaceAll(MARKS.end, ""),
              answer: answer.trim(),
            },
          ]
        : [];
    });
    const one = known[random.below(Math.max(1, known.length))];
    if (one) asked.push(one);
  }
  return asked;
}
