import { rm } from "node:fs/promises";
import type { Choice } from "@mlan/core";
import { hellaswag } from "@mlan/data-hellaswag";
import { openbookqa } from "@mlan/data-openbookqa";
import { race } from "@mlan/data-race";
import { scienceqa } from "@mlan/data-scienceqa";
import { afterAll, expect, it } from "vitest";
import { benchmarkWorld, questionsOf } from "./benchmark-world.ts";

const world = await benchmarkWorld();
afterAll(() => rm(world.folder, { recursive: true, force: true }));

it("asks RACE's last problems for what the article tells of one person", async () => {
  const questions = await questionsOf(race({ folder: world.race }));
  for (const { article, question, choices, target } of questions) {
    const facts = factsOf(article);
    expect(facts.length).toBeGreaterThan(3);
    const right = choices.filter(({ text }) => {
      const [, color, shape] = /^Look for the (\w+) (\w+):/.exec(question) ?? [];
      if (question === "Which sentence is right?") return facts.some((fact) => fact.text === text);
      if (color)
        return facts.some(
          (fact) =>
            fact.name === text && question.includes(` ${fact.deed} by _`) && fact.thing === `a ${color} ${shape}`,
        );
      return facts.some((fact) => question.includes(fact.name) && fact.thing === text);
    });
    expect(labels(right)).toEqual([target]);
  }
});

it("ends HellaSwag's stories as the context tells them", async () => {
  for (const { context, choices, target } of await questionsOf(hellaswag({ folder: world.hellaswag }))) {
    const facts = factsOf(context);
    const right = choices.filter(({ text }) => {
      const [, asked] = /How to see what (\w+)/.exec(context) ?? [];
      if (asked) return facts.some(({ name, thing }) => name === asked && text.endsWith(`Look for ${thing}`));
      return facts.some((fact) => fact.text === text);
    });
    expect(labels(right)).toEqual([target]);
  }
});

it("keeps HellaSwag's marks in guides and none in films", async () => {
  const questions = await questionsOf(hellaswag({ folder: world.hellaswag }));
  const marked = questions.filter(({ choices }) => choices.some(({ text }) => text.startsWith("[title] ")));
  expect(marked).toHaveLength(questions.length / 2);
  expect(marked.every(({ cluster }) => cluster?.startsWith("wikihow~"))).toBe(true);
});

it("asks OpenBookQA for the parts of the world's compounds", async () => {
  for (const { stem, choices, target } of await questionsOf(openbookqa({ folder: world.openbookqa }))) {
    const right = choices.filter(({ text }) => {
      const [, color = "", shape = ""] = new RegExp(`${COLORS} ?${SHAPES}`).exec(stem) ?? [];
      if (stem.startsWith("The word for")) return text === color + shape;
      if (stem.startsWith("The word")) return text === `a ${color} ${shape}`;
      return text === (stem.endsWith("the colour is") ? color : shape);
    });
    expect(labels(right)).toEqual([target]);
  }
});

it("asks ScienceQA without images for what the hint tells, or for the kind of a word", async () => {
  const questions = await questionsOf(scienceqa({ folder: world.scienceqa }));
  const readable = questions.filter(({ images }) => images.length === 0);
  expect(readable).toHaveLength(100);
  for (const { question, hint, choices, target } of readable) {
    const right = choices.filter(({ text }) =>
      hint === ""
        ? new RegExp(question.endsWith("colour?") ? COLORS : SHAPES).test(text)
        : factsOf(hint).some(({ name, deed, thing }) => thing === text && question.endsWith(`${deed} by ${name}?`)),
    );
    expect(labels(right)).toEqual([target]);
  }
});

const COLORS = "(red|green|blue|yellow|purple|white)";
const SHAPES = "(circle|square|triangle|cross|ring)";

/**
 * Returns the facts in a text whose sentences have a name, an action and a thing. The benchmarks' verbs have the same
 * form for past tense and participle.
 */
function factsOf(text: string): readonly { text: string; name: string; deed: string; thing: string }[] {
  return [...text.matchAll(/(\w+) (bought|found|lost) (a \w+ \w+)\./g)].map(
    ([all, name = "", deed = "", thing = ""]) => ({ text: all.slice(0, -1), name, deed, thing }),
  );
}

function labels(choices: readonly Choice[]): readonly string[] {
  return choices.map(({ label }) => label);
}
