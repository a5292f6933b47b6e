import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { stampOf } from "@mlan/core";
import { type QuestionsOptions, type QuestionView, questionsOf, viewOf } from "@mlan/run-view";
import { temporaryFolder } from "@mlan/testing";
import { beforeAll, expect, test } from "vitest";
import { smallRun } from "./small-run.ts";

const root = temporaryFolder();
const run = new URL("run/", root);
const picture = new URL("images/scene 1.png", root);
const file = fileURLToPath(picture);
const image = {
  name: "images/scene 1.png",
  read: () => readFile(picture),
  find: async () => ({ stamp: await stampOf(picture), file }),
};

async function questions(folder: URL, options: Partial<QuestionsOptions> = {}): Promise<readonly QuestionView[]> {
  const found: QuestionView[] = [];
  for await (const one of questionsOf(await viewOf(folder), { benchmark: "letters", ...options })) found.push(one);
  return found;
}

beforeAll(async () => {
  await mkdir(new URL("images/", root));
  await writeFile(picture, "a picture");
  await smallRun(run, { image });
});

test("joins the answers of all models to each question, with its prompt, choices and images", async () => {
  const all = await questions(run);
  expect(all.length).toBe(40);
  expect(all.find(({ id }) => id === "q4")).toEqual({
    benchmark: "letters",
    id: "q4",
    target: "B",
    cluster: "pair 2",
    choices: [
      { label: "A", text: "choice A" },
      { label: "B", text: "choice B" },
    ],
    prompt: "Question 4?",
    images: [{ name: "images/scene 1.png", file }],
    answers: [
      { answer: "neither", extracted: "neither", correct: false },
      { answer: "B", extracted: "B", correct: true },
    ],
  });
});

test("shows one model, and says which models and benchmarks there are", async () => {
  expect((await questions(run, { models: ["after"] }))[0]?.answers.length).toBe(1);
  await expect(questions(run, { models: ["tuned"] })).rejects.toThrow('has no model "tuned". It has: before, after.');
  await expect(questions(run, { benchmark: "pope" })).rejects.toThrow('has no benchmark "pope". It has: letters.');
});

test("invents no prompt and no image that the run did not keep", async () => {
  const view = await viewOf(run);
  for (const stage of ["before", "after"]) {
    const answers = new URL(`answers/${stage}/letters.jsonl`, run);
    const [header, ...lines] = (await readFile(answers, "utf8")).trimEnd().split("\n");
    const old = lines.map((line) => {
      const { asked: _, images: __, checksum: ___, ...record } = JSON.parse(line);
      return JSON.stringify(record);
    });
    await writeFile(answers, `${[header, ...old].join("\n")}\n`);
  }
  const [first] = await questions(run);
  expect(first).not.toHaveProperty("prompt");
  expect(first).not.toHaveProperty("images");
  expect(first?.answers.length).toBe(view.models.length);
});

test("says that an image is gone, and never leaves the folder of the images", async () => {
  const folder = new URL("gone/", root);
  await smallRun(folder, { image });
  await rm(picture);
  expect((await questions(folder))[0]?.images).toEqual([{ name: "images/scene 1.png", isMissing: true }]);
  await writeFile(picture, "a picture");
  const secret = new URL("secret.txt", root);
  await writeFile(secret, "secret");
  const manifest = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8"));
  for (const stage of ["before", "after"])
    manifest.stages[stage].data.letters.imageFolders = [new URL("images/", root).href];
  await writeFile(new URL("manifest.json", folder), JSON.stringify(manifest));
  const answers = new URL("answers/before/letters.jsonl", folder);
  const text = (await readFile(answers, "utf8"))
    .replaceAll("images/scene 1.png", "../secret.txt")
    .replaceAll(/,"checksum":"\w+"/g, "");
  await writeFile(answers, text);
  for (const { images } of await questions(folder, { models: ["before"] })) {
    expect(images).toEqual([{ name: "../secret.txt", isMissing: true }]);
  }
});

test("shows the questions of a run whose other model kept no answers", async () => {
  const folder = new URL("half/", root);
  await smallRun(folder, { image });
  const view = await viewOf(folder);
  await rm(new URL("answers/after/letters.jsonl", folder));
  const found: QuestionView[] = [];
  for await (const one of questionsOf(view, { benchmark: "letters" })) found.push(one);
  expect(found.length).toBe(40);
  for (const { answers } of found)
    expect(answers).toEqual([expect.objectContaining({ answer: expect.any(String) }), undefined]);
});
