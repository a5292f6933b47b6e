import { cp, readFile, writeFile } from "node:fs/promises";
import { type AnswerRecord, createScope, EVALUATOR, type EvaluateRun } from "@mlan/core";
import { gqa } from "@mlan/data-gqa";
import { hellaswag } from "@mlan/data-hellaswag";
import { openbookqa } from "@mlan/data-openbookqa";
import { pope } from "@mlan/data-pope";
import { race } from "@mlan/data-race";
import { scienceqa } from "@mlan/data-scienceqa";
import { generation } from "@mlan/eval-generation";
import { describe, expect, it } from "vitest";
import { smallWorld } from "./nine-benchmarks.ts";
import { scratchFolder, tinyModel } from "./tiny-model.ts";

const folder = await scratchFolder();
const world = await smallWorld(new URL("world/", folder));
const model = await tinyModel(folder);

describe("an image that does not decode", () => {
  it("is named with dataset, row and column, and the answers before it are kept", async () => {
    const damaged = await copyOf(world.pope);
    const picture = "images/miniworld_000002.png";
    await writeFile(new URL(picture, damaged), "no picture at all");
    const answers = new URL("answers.jsonl", damaged);
    const run = { model, benchmark: pope({ folder: damaged }), protocol: "strict", answers } as const;
    const { seen, error } = await failure(run, 1);
    expect(error).toMatchObject({ code: "invalid-data" });
    expect(String(error)).toMatch(/from data-pope: test.jsonl row (8|9|10|11) \(line \d+\), column "image"/);
    expect(String(error)).toContain(picture);
    expect(seen.length).toBeGreaterThan(0);
    expect(await stored(answers)).toEqual(seen.map(({ id }) => id));

    await cp(new URL(picture, world.pope), new URL(picture, damaged));
    const again = await finished(run);
    expect(again.answered).toBe(seen.length);
    expect(await stored(answers)).toHaveLength(36);
  });

  it("is named for GQA by its row in the table of images", async () => {
    const damaged = await copyOf(world.gqa);
    await writeFile(new URL("images/n100001.png", damaged), Buffer.from([0x89, 0x50, 0x4e, 0x47]));
    const { error } = await failure({ model, benchmark: gqa({ folder: damaged }), protocol: "paper" });
    expect(error).toMatchObject({ code: "invalid-data" });
    expect(String(error)).toMatch(/from data-gqa: testdev_balanced_images.jsonl row 1 \(line 2\), column "image"/);
    expect(String(error)).toContain("n100001.png");
  });
});

describe("a broken row", () => {
  it.each([
    ["race", "problems", "[{'question': 'Who?', ", (at: URL) => race({ folder: at }), "test.jsonl"],
    ["openbookqa", "answerKey", "E", (at: URL) => openbookqa({ folder: at }), "test.jsonl"],
    ["hellaswag", "label", "", (at: URL) => hellaswag({ folder: at }), "validation.jsonl"],
    ["scienceqa", "answer", 9, (at: URL) => scienceqa({ folder: at }), "test.jsonl"],
    ["gqa", "imageId", "n7", (at: URL) => gqa({ folder: at }), "testdev_balanced_instructions.jsonl"],
  ] as const)("of %s is named with dataset, row and column %s", async (name, column, value, benchmarkOf, file) => {
    const damaged = await copyOf(world[name]);
    const lines = (await readFile(new URL(file, damaged), "utf8")).split("\n");
    lines[3] = JSON.stringify({ ...(JSON.parse(lines[3] ?? "") as object), [column]: value });
    await writeFile(new URL(file, damaged), lines.join("\n"));
    const { error, seen } = await failure({ model, benchmark: benchmarkOf(damaged), protocol: "strict" });
    expect(error).toMatchObject({ code: "invalid-data" });
    expect(String(error)).toMatch(new RegExp(`data-${name}: .*${file} row 3 .*column "${column}`, "s"));
    expect(seen).toEqual([]);
  });
});

let copies = 0;

async function copyOf(source: URL): Promise<URL> {
  const copy = new URL(`copy-${copies++}/`, folder);
  await cp(source, copy, { recursive: true });
  return copy;
}

/** Returns the answers before an evaluation failed, and its error. */
async function failure(
  run: EvaluateRun,
  batchSize = 4,
): Promise<{ readonly seen: readonly AnswerRecord[]; readonly error: unknown }> {
  const seen: AnswerRecord[] = [];
  try {
    for await (const event of createScope([generation({ batchSize })])
      .get(EVALUATOR)
      .evaluate(run)) {
      if (event.type === "question-answered") seen.push(event.answer);
    }
  } catch (error) {
    return { seen, error };
  }
  throw new Error("The evaluation did not fail.");
}

/** Finishes an evaluation and returns the number of answers that it found in the log. */
async function finished(run: EvaluateRun): Promise<{ readonly answered: number }> {
  let answered = 0;
  for await (const event of createScope([generation()]).get(EVALUATOR).evaluate(run)) {
    if (event.type === "evaluate-start") answered = event.answered;
  }
  return { answered };
}

/** Returns the ids of the answers in a log. */
async function stored(log: URL): Promise<readonly string[]> {
  const [, ...lines] = (await readFile(log, "utf8")).trim().split("\n");
  return lines.map((line) => (JSON.parse(line) as AnswerRecord).id);
}
