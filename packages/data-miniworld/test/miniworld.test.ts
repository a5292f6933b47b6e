import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MlanError } from "@mlan/core";
import { type Miniworld, type MiniworldOptions, writeMiniworld } from "@mlan/data-miniworld";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readLines, SMALL } from "./small-world.ts";

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

  it("asks adversarially for things whose color and shape both occur on the image", async () => {
    const rows = await readPope(world);
    const adversarial = rows.filter(({ category, answer }) => category === "adversarial" && answer === "no");
    expect(adversarial).toHaveLength(20);
    const wordsOf = (source: string): string[] =>
      rows
        .filter(({ image_source, answer }) => image_source === source && answer === "yes")
        .flatMap(({ question }) => question.split(" "));
    // The two things asked for with the answer yes are on the image; the tempting one mostly mixes such attributes.
    const mixed = adversarial.filter(({ question, image_source }) => {
      const [color = "", shape = ""] = question.split(" ").slice(3, 5);
      return wordsOf(image_source).includes(color) || wordsOf(image_source).includes(shape);
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

describe("tuning and benchmarks", () => {
  it("share no BoolQ passage, no BoolQ or POPE question, and no wording of their instructions", async () => {
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
    for (const word of ["Nora", "Leo", "bought", "buy", "found", "find", "lost", "lose"])
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
