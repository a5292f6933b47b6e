import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pythonLiteral } from "#internal/python-literal.ts";
import { type Miniworld, writeMiniworld } from "@mlan/data-miniworld";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readLines, SMALL } from "./small-world.ts";

let world: Miniworld;

beforeAll(async () => {
  world = await writeMiniworld(pathToFileURL(`${await mkdtemp(join(tmpdir(), "miniworld-rows-"))}/`), SMALL);
});
afterAll(() => rm(world.folder, { recursive: true, force: true }));

describe("the rows of a miniworld's benchmarks", () => {
  const option = z.string().min(1);

  it("have RACE's columns, with several problems on an article in one Python literal", async () => {
    const row = z.strictObject({ article: z.string(), problems: z.string().regex(/^\[\{'question': ['"].*\]\}\]$/) });
    const rows = await readLines(new URL("test.jsonl", world.race), row);
    expect(rows).toHaveLength(8);
    for (const { problems } of rows) expect(problems.split("{'question': ").length - 1).toBeGreaterThan(1);
    expect(pythonLiteral(["Nora's thing", 'a "ring"'])).toBe(`["Nora's thing", 'a "ring"']`); // like Python's repr
  });

  it("have OpenBookQA's columns", async () => {
    const choices = z.strictObject({
      text: z.array(option).length(4),
      label: z.tuple([z.literal("A"), z.literal("B"), z.literal("C"), z.literal("D")]),
    });
    const row = z.strictObject({
      id: z.string(),
      question_stem: z.string(),
      choices,
      answerKey: z.enum(["A", "B", "C", "D"]),
    });
    expect(await readLines(new URL("test.jsonl", world.openbookqa), row)).toHaveLength(8);
  });

  it("have HellaSwag's columns, with the marks of WikiHow in every second source", async () => {
    const row = z.strictObject({
      ind: z.int(),
      activity_label: z.string(),
      ctx_a: z.string(),
      ctx_b: z.string(),
      ctx: z.string(),
      endings: z.array(option).length(4),
      source_id: z.string(),
      split: z.literal("val"),
      split_type: z.literal("indomain"),
      label: z.string().regex(/^[0-3]$/),
    });
    const rows = await readLines(new URL("validation.jsonl", world.hellaswag), row);
    expect(rows).toHaveLength(8);
    for (const { source_id, ctx_a, ctx_b, endings } of rows) {
      const isGuide = source_id.startsWith("wikihow~");
      expect(["[header] ", "[title] ", "[step] "].every((mark) => ctx_a.includes(mark))).toBe(isGuide);
      expect(endings.every((ending) => ending.startsWith("[title] "))).toBe(isGuide);
      expect(ctx_b === "").toBe(isGuide);
    }
  });

  it("have RealWorldQA's columns, with option lines and an instruction how to answer", async () => {
    const row = z.strictObject({ image: z.string(), image_path: z.string(), question: z.string(), answer: z.string() });
    const rows = await readLines(new URL("test.jsonl", world.realworldqa), row);
    const [letters, words] = [
      rows.filter(({ answer }) => /^[A-C]$/.test(answer)),
      rows.filter(({ answer }) => /^(Yes|No|\d)$/.test(answer)),
    ];
    expect([letters.length, words.length]).toEqual([2, 4]);
    for (const { question } of letters)
      expect(question).toMatch(
        /\?\n\nA\. .+\nB\. .+\nC\. .+\nPlease answer directly with only the letter of the correct option and nothing else\.$/,
      );
    for (const { question } of words)
      expect(question).toMatch(/\? Please answer directly with a single word or number\.$/);
  });

  it("have AI2D's columns", async () => {
    const row = z.strictObject({
      question: z.string(),
      options: z.array(option).length(4),
      answer: z.string().regex(/^[0-3]$/),
      image: z.string(),
    });
    expect(await readLines(new URL("test.jsonl", world.ai2d), row)).toHaveLength(12);
  });

  it("have GQA's columns in two tables that fit together", async () => {
    const text = z.string();
    const row = z.strictObject({
      id: text,
      imageId: text,
      question: text,
      answer: text,
      fullAnswer: text,
      isBalanced: z.boolean(),
      groups: z.strictObject({ global: text, local: text }),
      entailed: text,
      equivalent: text,
      types: z.strictObject({ structural: text, semantic: text, detailed: text }),
      annotations: z.strictObject({
        answer: z.array(z.never()),
        question: z.array(z.never()),
        fullAnswer: z.array(z.never()),
      }),
      semantic: z.array(z.strictObject({ operation: text, argument: text, dependencies: z.array(z.int()) })),
      semanticStr: text,
    });
    const questions = await readLines(new URL("testdev_balanced_instructions.jsonl", world.gqa), row);
    const images = await readLines(
      new URL("testdev_balanced_images.jsonl", world.gqa),
      z.strictObject({ id: text, image: text }),
    );
    expect(questions).toHaveLength(16);
    expect(new Set(questions.map(({ imageId }) => imageId))).toEqual(new Set(images.map(({ id }) => id)));
    for (const { image } of images) expect((await stat(new URL(image, world.gqa))).size).toBeGreaterThan(0);
  });

  it("have ScienceQA's columns, with and without images and hints", async () => {
    const text = z.string();
    const row = z.strictObject({
      image: text.nullable(),
      question: text,
      choices: z.array(option).min(2).max(5),
      answer: z.int(),
      hint: text,
      task: z.literal("closed choice"),
      grade: text,
      subject: text,
      topic: text,
      category: text,
      skill: text,
      lecture: text,
      solution: text,
    });
    const rows = await readLines(new URL("test.jsonl", world.scienceqa), row);
    const kinds = rows.map(({ image, hint }) => `${image === null ? "no " : ""}image, ${hint === "" ? "no " : ""}hint`);
    expect(new Set(kinds).size).toBe(4);
  });
});
