import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { pythonLiteral } from "#internal/python-literal.ts";
import { MlanError } from "@mlan/core";
import { type Miniworld, type MiniworldOptions, writeMiniworld } from "@mlan/data-miniworld";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const SMALL: MiniworldOptions = {
  raceArticles: 8,
  openbookqaQuestions: 8,
  boolqQuestions: 60,
  hellaswagSources: 4,
  realworldqaImages: 6,
  ai2dImages: 4,
  popeImages: 20,
  gqaImages: 4,
  scienceqaImages: 4,
  captions: 30,
  instructions: 200,
};

let root: string;
let world: Miniworld;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "miniworld-"));
  world = await write("first", SMALL);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("a written miniworld", () => {
  it("has BoolQ's columns, and every second answer is yes", async () => {
    const row = z.strictObject({ question: z.string(), answer: z.boolean(), passage: z.string() });
    const rows = await readLines(new URL("validation.jsonl", world.boolq), row);
    expect(rows).toHaveLength(60);
    expect(rows.filter(({ answer }) => answer)).toHaveLength(30);
    expect(rows.every(({ question }) => question === question.toLowerCase() && !question.endsWith("?"))).toBe(true);
  });

  it("has POPE's columns, and two of four answers on every image are yes", async () => {
    const rows = await readPope(world);
    expect(rows).toHaveLength(80);
    expect(new Set(rows.map(({ question_id }) => question_id)).size).toBe(80);
    for (const source of new Set(rows.map(({ image_source }) => image_source))) {
      const answers = rows.filter(({ image_source }) => image_source === source).map(({ answer }) => answer);
      expect(answers.toSorted()).toEqual(["no", "no", "yes", "yes"]);
    }
  });

  it("asks adversarially for things whose colour and shape both occur on the image", async () => {
    const rows = await readPope(world);
    const adversarial = rows.filter(({ category, answer }) => category === "adversarial" && answer === "no");
    expect(adversarial).toHaveLength(20);
    const wordsOf = (source: string): string[] =>
      rows
        .filter(({ image_source, answer }) => image_source === source && answer === "yes")
        .flatMap(({ question }) => question.split(" "));
    // The two things asked for with the answer yes are on the image; the tempting one mostly mixes such attributes.
    const mixed = adversarial.filter(({ question, image_source }) => {
      const [colour = "", shape = ""] = question.split(" ").slice(3, 5);
      return wordsOf(image_source).includes(colour) || wordsOf(image_source).includes(shape);
    });
    expect(mixed.length).toBeGreaterThan(14);
  });

  it("has captions in LLaVA's pretraining format with decodable pictures", async () => {
    const rows = z
      .array(recordSchema)
      .parse(JSON.parse(await readFile(new URL("captions.json", world.captions), "utf8")));
    expect(rows).toHaveLength(30);
    for (const { image, conversations } of rows) {
      expect(conversations[0]?.value).toContain("<image>");
      const png = decode(await readFile(new URL(`images/${image}`, world.captions)));
      expect([png.width, png.height, png.channels]).toEqual([48, 48, 3]);
    }
  });

  it("has a mixture without, one with an eighth, and one of images", async () => {
    const [language, mixed, vision] = [
      await readMixture(world, "MLAN_mini.json"),
      await readMixture(world, "MLAN_v_mini.json"),
      await readMixture(world, "vision_mini.json"),
    ];
    expect(vision).toHaveLength(200);
    for (const { image } of vision)
      expect((await stat(new URL(`images/${image}`, world.mlan))).size).toBeGreaterThan(0);
    expect(language).toHaveLength(200);
    expect(language.filter(({ image }) => image !== undefined)).toHaveLength(0);
    expect(mixed).toHaveLength(200);
    expect(mixed.filter(({ image }) => image !== undefined)).toHaveLength(25);
  });

  it("answers yes and no about equally often in tuning", async () => {
    const answers = (await readMixture(world, "MLAN_mini.json")).flatMap(({ conversations }) =>
      conversations.filter(({ from }) => from === "gpt").map(({ value }) => value),
    );
    const share =
      answers.filter((answer) => /\byes\b/.test(answer)).length /
      answers.filter((answer) => /\b(yes|no)\b/.test(answer)).length;
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.65);
  });
});

describe("the rows of the other benchmarks", () => {
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

describe("tuning and benchmarks", () => {
  it("share no passage, no question and no instruction's wording", async () => {
    const boolq = await readLines(
      new URL("validation.jsonl", world.boolq),
      z.object({ question: z.string(), passage: z.string() }),
    );
    const tuning = (await readMixture(world, "MLAN_v_mini.json"))
      .concat(await readMixture(world, "MLAN_mini.json"))
      .flatMap(({ conversations }) => conversations.map(({ value }) => value.toLowerCase()))
      .join("\n");
    const questions = (await readPope(world)).map(({ question }) => question);
    for (const text of [...boolq.flatMap(({ question, passage }) => [question, passage]), ...questions]) {
      expect(tuning).not.toContain(text.toLowerCase());
    }
    const wordings = [
      "the best answer is",
      "please answer the question with",
      'please answer with "yes"',
      "is there",
      "in the image",
    ];
    for (const wording of wordings) expect(tuning).not.toContain(wording);
  });

  it("share no person and no deed", async () => {
    const passages = await readFile(new URL("validation.jsonl", world.boolq), "utf8");
    const tuning = await readFile(new URL("MLAN_mini.json", world.mlan), "utf8");
    for (const word of ["Nora", "Leo", "bought", "found", "lost"])
      expect(tuning).not.toMatch(new RegExp(`\\b${word}\\b`));
    for (const word of ["Mia", "Max", "took", "saw"]) expect(passages).not.toMatch(new RegExp(`\\b${word}\\b`));
  });
});

describe("writing a miniworld", () => {
  it("writes the same bytes for the same options", async () => {
    const again = await write("second", SMALL);
    expect(await contentOf(again.folder)).toEqual(await contentOf(world.folder));
  });

  it("writes a different world for a different seed", async () => {
    const other = await write("other", { ...SMALL, seed: 7 });
    const text = (from: Miniworld): Promise<string> => readFile(new URL("validation.jsonl", from.boolq), "utf8");
    expect(await text(other)).not.toEqual(await text(world));
  });

  it("keeps a complete world with the same options, and replaces any other", async () => {
    const file = new URL("boolq/validation.jsonl", world.folder);
    const before = await stat(file);
    await write("first", SMALL);
    expect((await stat(file)).ino).toBe(before.ino);
    const changed = await write("changed", SMALL);
    await write("changed", { ...SMALL, boolqQuestions: 4 });
    expect((await readFile(new URL("validation.jsonl", changed.boolq), "utf8")).trim().split("\n")).toHaveLength(4);
  });

  it("refuses a folder of other files and leaves them there, also when it is given as a path", async () => {
    const folder = new URL("thesis/", pathToFileURL(`${root}/`));
    await mkdir(folder);
    await writeFile(new URL("chapter-1.txt", folder), "years of work");
    await expect(writeMiniworld(fileURLToPath(folder), SMALL)).rejects.toThrow(
      'holds "chapter-1.txt" and no miniworld.json',
    );
    expect(await readFile(new URL("chapter-1.txt", folder), "utf8")).toBe("years of work");
  });

  it("refuses unknown options", async () => {
    const wrong = writeMiniworld(world.folder, JSON.parse('{"captoins": 3}'));
    await expect(wrong).rejects.toSatisfy(
      (error) => MlanError.is(error, "invalid-options") && /captoins/.test(error.message),
    );
  });
});

const recordSchema = z.strictObject({
  id: z.string(),
  image: z.string().optional(),
  conversations: z.array(z.strictObject({ from: z.enum(["human", "gpt"]), value: z.string().min(1) })).min(2),
});

const popeSchema = z.strictObject({
  id: z.string(),
  question_id: z.string(),
  question: z.string().regex(/^Is there a \w+ \w+ in the image\?$/),
  answer: z.enum(["yes", "no"]),
  image_source: z.string(),
  image: z.string(),
  category: z.enum(["adversarial", "random"]),
});

function write(name: string, options: MiniworldOptions): Promise<Miniworld> {
  return writeMiniworld(new URL(`${name}/`, pathToFileURL(`${root}/`)), options);
}

function readPope({ pope }: Miniworld): Promise<z.infer<typeof popeSchema>[]> {
  return readLines(new URL("test.jsonl", pope), popeSchema);
}

async function readMixture({ mlan }: Miniworld, name: string): Promise<z.infer<typeof recordSchema>[]> {
  return z.array(recordSchema).parse(JSON.parse(await readFile(new URL(name, mlan), "utf8")));
}

async function readLines<Schema extends z.ZodType>(file: URL, schema: Schema): Promise<z.infer<Schema>[]> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.map((line) => schema.parse(JSON.parse(line)));
}

async function contentOf(folder: URL): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const prefix = folder.pathname;
  return Object.fromEntries(
    await Promise.all(
      files.toSorted().map(async (file) => [file.slice(prefix.length), (await readFile(file)).toString("base64")]),
    ),
  );
}
