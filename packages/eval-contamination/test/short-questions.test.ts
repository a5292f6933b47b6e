import type { Choice, ImageReference, Turn } from "@mlan/core";
import { contamination, type ContaminationReport } from "@mlan/eval-contamination";
import { memoryBenchmark, memoryDataset, type PlainQuestion } from "@mlan/testing";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { conversation } from "./synthetic-text.ts";

const FILLERS = ["Where do ants go at night?", "Do hens swim?", "How tall do old oaks grow by the sea?"];

describe("a short question without choices", () => {
  const question = plain("hamlet", "Who wrote Hamlet?");

  it.each(["Who wrote Hamlet?", "Answer in one word.\nwho  wrote HAMLET", '"Who wrote Hamlet?"'])(
    "is found as a line of its own: %j",
    async (text) => expect(await find([question], text)).toEqual({ hamlet: ["exact-text"] }),
  );

  it.each(["Tell me who wrote Hamlet and why.", "Who wrote\nHamlet?", "Who wrote Othello?"])(
    "is not found in other company: %j",
    async (text) => expect(await find([question], text)).toEqual({}),
  );

  it("counts as unsearchable when it has fewer than three words", async () => {
    const report = await search([plain("why", "Why me?"), question], "Why me?");
    expect(report.benchmarks[0]).toMatchObject({ contaminated: [], unsearchable: 1 });
  });
});

describe("a question with choices", () => {
  const words = ["a nest", "the egg", "one feather", "some grass"];
  const choices = words.map((text, index) => ({ label: "ABCD".charAt(index), text }));
  const lines = choices.map(({ label, text }) => `${label}. ${text}`);
  const question = plain("bird", `What does it build?\n${lines.join("\n")}`, choices);

  it("is found with its choices in any order and dress", async () => {
    const text = `Choose: some grass, one feather, a nest, the egg.\nHere is the question: what does it build?`;
    expect(await find([question], text)).toEqual({ bird: ["exact-text"] });
  });

  it.each([
    ["its short stem", "What does it build?"],
    ["its choices", lines.join("\n")],
    ["all but one choice", `What does it build?\n${lines.slice(1).join("\n")}`],
  ])("is not found by %s alone", async (_, text) => expect(await find([question], text)).toEqual({}));

  it("is not found when its parts are spread over two conversations", async () => {
    const report = await search([question], "What does it build?", lines.join("\n"));
    expect(report.benchmarks[0]?.contaminated).toEqual([]);
  });

  it("is found across the turns of one conversation", async () => {
    const turns: Turn[] = [
      { role: "user", text: "What does it build?" },
      { role: "assistant", text: "What do you say?" },
      { role: "user", text: lines.join("\n") },
      { role: "assistant", text: "A" },
    ];
    const mixture = memoryDataset("mixture", [{ id: "1", turns, images: [] }]);
    const { benchmarks } = await contamination({ mixture, benchmarks: [benchmarkOf([question])] });
    expect(benchmarks[0]?.contaminated).toMatchObject([{ id: "bird" }]);
  });
});

describe("wording that all questions have", () => {
  const template = "Read the text that stands below with care and then answer the question about it in a single word.";
  const passages = ["ants", "hens", "oaks", "gulls"].map(
    (thing) =>
      `Long ago ${thing} were told by ${thing} that no ${thing} may leave the valley where the first ${thing} lived.`,
  );
  const questions = passages.map((text, index) => plain(`q${index}`, `${template}\nText: ${text}\nWhy is it so?`));

  it("is no evidence", async () => {
    expect(await find(questions, `${template}\nText: Something else.\nWhy is it so?`)).toEqual({});
  });

  it("does not hide the rest", async () => {
    expect(await find(questions, `Once more: ${passages[2]}`)).toEqual({ q2: ["n-gram", "exact-text"] });
  });

  it("in the middle of a line is no evidence either, when more than three clusters have it", async () => {
    const middles = [...passages, "Bees hum."].map((text, index) =>
      plain(`m${index}`, `${text} ${template} ${index} ${text}`),
    );
    expect(await find(middles, template)).toEqual({});
  });
});

describe("a question on an image", () => {
  const shared = async (): Promise<ImageReference> => {
    const bytes = await sharp({
      create: {
        width: 32,
        height: 32,
        channels: 3,
        background: "grey",
        noise: { type: "gaussian", mean: 128, sigma: 40 },
      },
    })
      .png()
      .toBuffer();
    return { name: "shared.png", read: async () => bytes };
  };

  it("is not contaminated by its short text alone, which is told apart", async () => {
    const question = { ...plain("dog", "Is there a dog behind the red fence over there?"), images: [await shared()] };
    const report = await search([question], "Is there a dog behind the red fence over there?");
    expect(report.benchmarks[0]).toMatchObject({
      contaminated: [],
      share: 0,
      kinds: { "exact-text": 0 },
      textOnly: [{ id: "dog", leaks: [{ kind: "exact-text", example: "0", index: 0 }] }],
      unsearchable: 0,
    });
  });

  it("is contaminated by text and image in one example, and by 13 words", async () => {
    const image = await shared();
    const text = "Is there a dog behind the red fence over there?";
    const long = "Which of the two boats that lie upside down on the grey beach is the smaller one?";
    const questions = [
      { ...plain("dog", text), images: [image] },
      { ...plain("boat", long), images: [{ name: "other.png", read: (await shared()).read }] },
    ];
    const mixture = memoryDataset("mixture", [
      conversation("text", text),
      conversation("both", `<image>\n${text}`, "No.", [image]),
      conversation("boats", long),
    ]);
    const { benchmarks } = await contamination({ mixture, benchmarks: [memoryBenchmark("pictures", questions)] });
    expect(benchmarks[0]).toMatchObject({
      contaminated: [
        {
          id: "dog",
          leaks: [
            { kind: "same-file", example: "both", index: 1 },
            { kind: "exact-text", example: "both", index: 1 },
          ],
        },
        { id: "boat", leaks: [{ kind: "n-gram", example: "boats", index: 2 }] },
      ],
      share: 1,
      textOnly: [],
    });
  });
});

function plain(id: string, text: string, choices?: readonly Choice[]): PlainQuestion {
  return { id, text, target: "x", images: [], ...(choices && { choices }) };
}

/** Creates a benchmark of the questions and three others, so that the words of a question are not in every question. */
function benchmarkOf(questions: readonly PlainQuestion[]): ReturnType<typeof memoryBenchmark> {
  return memoryBenchmark("few", [...questions, ...FILLERS.map((text, index) => plain(`filler-${index}`, text))]);
}

function search(questions: readonly PlainQuestion[], ...texts: readonly string[]): Promise<ContaminationReport> {
  const mixture = memoryDataset(
    "mixture",
    texts.map((text, index) => conversation(String(index), text)),
  );
  return contamination({ mixture, benchmarks: [benchmarkOf(questions)] });
}

async function find(
  questions: readonly PlainQuestion[],
  text: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { benchmarks } = await search(questions, text);
  const found = benchmarks.flatMap(({ contaminated }) => contaminated);
  return Object.fromEntries(found.map(({ id, leaks }) => [id, leaks.map(({ kind }) => kind)]));
}
