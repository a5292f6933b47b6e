import { rm } from "node:fs/promises";
import type { Choice, Question } from "@mlan/core";
import { ai2d } from "@mlan/data-ai2d";
import { gqa } from "@mlan/data-gqa";
import { pope } from "@mlan/data-pope";
import { realworldqa } from "@mlan/data-realworldqa";
import { scienceqa } from "@mlan/data-scienceqa";
import { afterAll, expect, it } from "vitest";
import { benchmarkWorld, questionsOf } from "./benchmark-world.ts";
import { readScene, type SeenThing } from "./read-scene.ts";

const world = await benchmarkWorld();
afterAll(() => rm(world.folder, { recursive: true, force: true }));

it("asks POPE for things that the picture shows, and for others", async () => {
  for (const question of await questionsOf(pope({ folder: world.pope }))) {
    const shown = (await sceneOf(question)).some((thing) => question.question.includes(`a ${nameOf(thing)} in`));
    expect(shown ? "yes" : "no", question.question).toBe(question.target);
  }
});

it("asks GQA for what the picture shows", async () => {
  for (const question of await questionsOf(gqa({ folder: world.gqa }))) {
    expect(gqaAnswer(question.question, await sceneOf(question)), question.question).toBe(question.target);
  }
});

it("asks AI2D for what the picture shows", async () => {
  for (const question of await questionsOf(ai2d({ folder: world.ai2d }))) {
    const scene = await sceneOf(question);
    const [, place] = /at the (.+) of this image/.exec(question.question) ?? [];
    const right = question.choices.filter(({ text }) => {
      if (question.question.includes("absent")) return !scene.some((thing) => `a ${nameOf(thing)}` === text);
      if (place) return scene.some((thing) => `a ${nameOf(thing)}` === text && placeOf(thing) === place);
      return scene.some((thing) => question.question.endsWith(`the ${nameOf(thing)}?`) && placeOf(thing) === text);
    });
    expect(labels(right), question.question).toEqual([question.target]);
  }
});

it("asks RealWorldQA for place, height and number of what the picture shows", async () => {
  for (const question of await questionsOf(realworldqa({ folder: world.realworldqa }))) {
    const scene = await sceneOf(question);
    const [line = "", ...lines] = question.question.split("\n");
    const [one, other] = mentioned(line, scene);
    const number = line.startsWith("What is the number") ? String(scene.length) : undefined;
    const height = other && (rowOf(one) < rowOf(other) ? "Yes" : "No");
    const place = one && lines.find((option) => option.slice(3) === placeOf(one))?.charAt(0);
    expect(number ?? height ?? place, question.question).toBe(question.target);
  }
});

it("asks ScienceQA for the picture's colors", async () => {
  const questions = await questionsOf(scienceqa({ folder: world.scienceqa }));
  const pictured = questions.filter(({ images }) => images.length > 0);
  expect(pictured).toHaveLength(100);
  for (const question of pictured) {
    const scene = await sceneOf(question);
    const [, asked] = /the (\w+) in this image/.exec(question.hint || question.question) ?? [];
    const seen = scene.filter(({ shape }) => shape === asked);
    expect(seen).toHaveLength(1);
    const right = question.choices.filter(({ text }) => text.split(" ").includes(seen[0]?.color ?? ""));
    expect(labels(right), question.question).toEqual([question.target]);
  }
});

function gqaAnswer(question: string, scene: readonly SeenThing[]): string | undefined {
  const [, shapeOfColor] = /^Which shape does the (\w+) thing have/.exec(question) ?? [];
  if (shapeOfColor) return only(scene.filter(({ color }) => color === shapeOfColor))?.shape;
  const [, colorOfShape] = /^Which colour does the (\w+) have/.exec(question) ?? [];
  if (colorOfShape) return only(scene.filter(({ shape }) => shape === colorOfShape))?.color;
  const [, asked, color] = /^Is the (\w+) (\w+)\?$/.exec(question) ?? [];
  if (asked) return only(scene.filter(({ shape }) => shape === asked))?.color === color ? "yes" : "no";
  const [one, other] = mentioned(question, scene);
  if (!one || !other || one.column === other.column) return undefined;
  const isLeft = one.column < other.column;
  if (question.includes("or to the right")) return isLeft ? "left" : "right";
  return isLeft ? "yes" : "no";
}

/** Returns the things of the scene that a sentence mentions, in the order of the sentence. */
function mentioned(sentence: string, scene: readonly SeenThing[]): readonly SeenThing[] {
  const at = (thing: SeenThing): number => sentence.indexOf(`the ${nameOf(thing)}`);
  return scene.filter((thing) => at(thing) >= 0).toSorted((one, other) => at(one) - at(other));
}

function only(things: readonly SeenThing[]): SeenThing | undefined {
  expect(things).toHaveLength(1);
  return things[0];
}

async function sceneOf({ images }: Question): Promise<readonly SeenThing[]> {
  const [image] = images;
  if (!image) throw new Error("The question has no image.");
  return readScene(await image.read());
}

function nameOf({ color, shape }: SeenThing): string {
  return `${color} ${shape}`;
}

function placeOf({ row, column }: SeenThing): string {
  const vertical = row === 0 ? "top" : row === 3 ? "bottom" : "middle";
  const horizontal = column === 0 ? "left" : column === 3 ? "right" : "middle";
  return vertical === horizontal ? "middle" : `${vertical} ${horizontal}`;
}

function rowOf(thing: SeenThing | undefined): number {
  return thing?.row ?? NaN;
}

function labels(choices: readonly Choice[]): readonly string[] {
  return choices.map(({ label }) => label);
}
