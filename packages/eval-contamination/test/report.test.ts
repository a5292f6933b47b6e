import { type Benchmark, type Outcome, textWording } from "@mlan/core";
import { cleanPart, cleanScores, contamination, contaminationTable } from "@mlan/eval-contamination";
import { memoryBenchmark, memoryDataset } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { conversation } from "./synthetic-text.ts";

const questions = [
  "Where did the three grey ships go after the storm",
  "Which bird sang when the old king came home again at last from the long cold war",
  "How many stones lie on the hill behind the mill",
].map((text, index) => ({ id: `q${index}`, text, target: "x", images: [] }));

const mixture = memoryDataset("mixture", [
  conversation("a", "Nothing here."),
  conversation("b", `Please: ${questions[1]?.text}?`),
  conversation("c", `${questions[1]?.text}?`, `${questions[2]?.text}`),
]);
const other = memoryBenchmark("other", [
  { id: "o", text: "Who said that nobody would ever come", target: "x", images: [] },
]);
const plain = memoryBenchmark("tuned-only", []);
const tunedOnly: Benchmark = { ...plain, protocol: (name) => ({ ...plain.protocol(name), wordings: ["tuned"] }) };
const find = (): ReturnType<typeof contamination> =>
  contamination({ mixture, benchmarks: [memoryBenchmark("texts", questions), other] });

it("gives counts, shares and the first place of each kind", async () => {
  const report = await find();
  expect(report).toMatchObject({
    mixture: { name: "mixture", examples: 3 },
    ngram: 13,
    imageDistance: 12,
  });
  const bird = "which bird sang when the old king came home again at last from the long cold war";
  expect(report.benchmarks[0]).toMatchObject({
    benchmark: "texts",
    protocol: "strict",
    questions: 3,
    contaminated: [
      {
        id: "q1",
        leaks: [
          { kind: "n-gram", example: "b", index: 1, match: bird },
          { kind: "exact-text", example: "b", index: 1, match: bird },
        ],
      },
      { id: "q2", leaks: [{ kind: "exact-text", example: "c", index: 2 }] },
    ],
    share: 2 / 3,
    kinds: { "exact-text": 2, "n-gram": 1, "same-file": 0, "same-picture": 0 },
    textOnly: [],
    unsearchable: 0,
  });
  expect(report.benchmarks[1]).toMatchObject({ benchmark: "other", contaminated: [], share: 0 });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

it("shows a table and where to look", async () => {
  const lines = contaminationTable(await find(), { leaks: 1 });
  expect(lines).toEqual([
    "mixture: 3 examples",
    "benchmark  questions  contaminated    share  exact-text  13-gram  same-file  same-picture  text only  unsearchable",
    "texts              3             2  66.67 %           2        1          0             0          0             0",
    "other              1             0   0.00 %           0        0          0             0          0             0",
    expect.stringMatching(/^texts q1: 13-gram in example 1 \(b\): which bird sang/),
    expect.stringMatching(/^texts q1: exact-text in example 1 \(b\): which bird sang/),
  ]);
});

describe("scores on the clean part", () => {
  const outcomes: readonly Outcome[] = questions.map(({ id }, index) => ({
    id,
    target: "x",
    extracted: "x",
    correct: index > 0,
  }));
  const accuracy = (outcomes: readonly Outcome[]): number =>
    outcomes.filter(({ correct }) => correct).length / outcomes.length;

  it("leave out what was found, and nothing else", async () => {
    const [texts, nothing] = (await find()).benchmarks;
    if (!texts || !nothing) throw new Error("there are two benchmarks");
    const parts = cleanPart(outcomes, texts);
    expect(parts.all).toBe(outcomes);
    expect(parts.clean.map(({ id }) => id)).toEqual(["q0"]);
    expect(parts.contaminated.map(({ id }) => id)).toEqual(["q1", "q2"]);
    const scores = (contamination: typeof texts, some = outcomes): unknown =>
      cleanScores({ outcomes: some, metrics: { accuracy }, contamination, estimate: (metric, part) => metric(part) });
    expect(scores(texts)).toEqual({ accuracy: { all: 2 / 3, clean: 0 } });
    expect(scores(nothing)).toEqual({ accuracy: { all: 2 / 3, clean: 2 / 3 } });
    expect(scores(texts, outcomes.slice(1))).toEqual({ accuracy: { all: 1, clean: undefined } });
  });
});

it.each([
  [{ ngram: 2 }, /ngram/],
  [{ imageDistance: 64 }, /imageDistance/],
  [{ protocol: "loose" }, /^other: there is no protocol "loose"; it has strict and paper\.$/],
  [
    { wording: "tuned" as never },
    /option "wording": expected a wording, as returned by chatWording\(\), found "tuned"/,
  ],
  [
    { benchmarks: [tunedOnly], wording: textWording("my-base", "", "") },
    /^tuned-only: the protocol "strict" has no prompts for a model with the wording "my-base", only for tuned; use another/,
  ],
  [{ nGram: 13 }, /nGram/],
  [{ benchmarks: [] }, /no benchmark/],
  [{ benchmarks: [other, other] }, /two benchmarks "other"/],
])("refuses %j", async (options, message) => {
  const wrong = { mixture, benchmarks: [other], ...options };
  const found = contamination(wrong);
  await expect(found).rejects.toMatchObject({ code: "invalid-options", message: expect.stringMatching(message) });
});

it("counts nothing in an empty benchmark and an empty mixture", async () => {
  const empty = await contamination({ mixture: memoryDataset("none", []), benchmarks: [memoryBenchmark("empty", [])] });
  expect(empty.benchmarks[0]).toMatchObject({ questions: 0, contaminated: [], share: 0 });
});
