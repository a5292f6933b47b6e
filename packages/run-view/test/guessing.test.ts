import { temporaryFolder } from "@mlan/testing";
import { viewOf } from "@mlan/run-view";
import { describe, expect, test } from "vitest";
import { guessingOf, withGuessing } from "../src/guessing.ts";
import type { KeptAnswers } from "../src/loaded-run.ts";
import { changedCopy, smallRun } from "./small-run.ts";

type Answer = KeptAnswers["answers"][number];

interface Asked {
  readonly kind?: string;
  readonly labels?: readonly string[];
  /** Whether the choices are words, the same for every question. */
  readonly areWords?: boolean;
}

/** Returns an answer per target. */
function answersTo(targets: readonly string[], { kind, labels = [], areWords = false }: Asked = {}): readonly Answer[] {
  return targets.map((target, index) => ({
    id: `${kind}${labels.join("")}${index}`,
    correct: false,
    target,
    extracted: null,
    choices: labels.length,
    labels: labels.join(" "),
    areChoicesWords: areWords,
    ...(kind !== undefined && { kind }),
  }));
}

const times = (target: string, count: number): readonly string[] => Array.from({ length: count }, () => target);

describe("the accuracy of guessing", () => {
  test("is chance where letters stand for something else in every question", () => {
    const [three, four] = [
      ["A", "B", "C"],
      ["A", "B", "C", "D"],
    ];
    const answers = [...answersTo(times("A", 30), { labels: three }), ...answersTo(times("B", 10), { labels: four })];
    const found = guessingOf(answers);
    expect(found).toMatchObject({ name: "guessing", kinds: 2 });
    expect(found?.accuracy).toBeCloseTo((30 / 3 + 10 / 4) / 40, 12);
  });

  test("is that of the most frequent answer where yes and no are the choices of all questions", () => {
    const yesNo = { labels: ["yes", "no"], areWords: true };
    expect(guessingOf(answersTo([...times("yes", 62), ...times("no", 38)], yesNo))).toEqual({
      name: "most frequent answer",
      accuracy: 0.62,
      kinds: 1,
    });
    expect(guessingOf(answersTo([...times("yes", 50), ...times("no", 50)], yesNo))).toEqual({
      name: "guessing",
      accuracy: 0.5,
      kinds: 1,
    });
  });

  test("of open questions is that of the most frequent yes or no, number, and other answer", () => {
    // A question tells which of these it asks for.
    const targets = [...times("Yes", 3), "yes ", "no", ...times("4", 2), "3", "1,000", "left", "left", "right"];
    expect(guessingOf(answersTo(targets))).toEqual({
      name: "most frequent answer",
      accuracy: (4 + 2 + 2) / 12,
      kinds: 3,
    });
  });

  test("distinguishes the kinds of questions that a benchmark recorded", () => {
    const answers = [
      ...answersTo([...times("left", 6), ...times("right", 4)], { kind: "choose rel" }),
      ...answersTo([...times("red", 3), ...times("blue", 7)], { kind: "query attr" }),
    ];
    expect(guessingOf(answers)).toEqual({ name: "most frequent answer", accuracy: 13 / 20, kinds: 2 });
  });

  test("of a benchmark with open questions and questions with letters combines both", () => {
    const answers = [...answersTo(times("A", 3), { labels: ["A", "B", "C"] }), ...answersTo(["4", "4", "5"])];
    const found = guessingOf(answers);
    expect(found).toMatchObject({ name: "most frequent answer", kinds: 2 });
    expect(found?.accuracy).toBeCloseTo((1 + 2) / 6, 12);
  });

  test("is unknown without answers", () => {
    expect(guessingOf([])).toBeUndefined();
  });
});

const interval = (low: number, high: number) => ({ low, high, level: 0.95 });

describe("a result", () => {
  const above = (metric: object, accuracy = 0.5): boolean | undefined => {
    const known = { benchmark: "pope", protocol: "strict", questions: 10 };
    const result = {
      ...known,
      model: "tuned",
      protocolVersion: 1,
      evaluator: "generation",
      extractor: "strict@1",
      wording: "tuned",
      unreadable: 0,
      verifications: [],
      metrics: [{ name: "accuracy", value: 0.6, ...metric }],
    };
    const guessing = { name: "guessing", accuracy, kinds: 1 } as const;
    return withGuessing([result], [{ ...known, metric: "accuracy", guessing }])[0]?.isAboveGuessing;
  };

  test("is above guessing only if its interval is", () => {
    expect(above({ interval: interval(0.51, 0.7) })).toBe(true);
    expect(above({ interval: interval(0.5, 0.7) })).toBe(false);
    expect(above({ interval: interval(0.45, 0.7) })).toBe(false);
    expect(above({ value: 0.4 })).toBe(false);
    expect(above({})).toBeUndefined();
  });

  test("of several seeds is above guessing only if that of every seed is", () => {
    const seeds = (lows: readonly number[]) => ({
      interval: interval(0.55, 0.65),
      overSeeds: { values: lows.map((low, seed) => ({ seed, value: low + 0.1, interval: interval(low, low + 0.2) })) },
    });
    expect(above(seeds([0.52, 0.7]))).toBe(true);
    expect(above(seeds([0.4, 0.8]))).toBe(false);
  });
});

test("a headline metric that is not the share of correct answers is not compared with guessing", async () => {
  const finished = await smallRun(new URL("finished/", temporaryFolder()));
  const { benchmarks, results } = await viewOf(finished);
  expect(benchmarks).toMatchObject([{ guessing: { accuracy: 0.5 } }]);
  expect(results.map(({ isAboveGuessing }) => isAboveGuessing)).toEqual([true, true]);
  const other = await changedCopy(finished, "other", "results.json", (text) => text.replaceAll("0.75", "0.5"));
  const found = await viewOf(other);
  expect(found.benchmarks[0]).not.toHaveProperty("guessing");
  expect(found.results[0]).not.toHaveProperty("isAboveGuessing");
});

test("guessing is unknown for models that were asked different questions", async () => {
  const root = temporaryFolder();
  const [one, two] = [await smallRun(new URL("one/", root)), await smallRun(new URL("two/", root))];
  expect((await viewOf([one, two])).benchmarks).toMatchObject([{ guessing: { accuracy: 0.5 } }]);
  const other = await changedCopy(two, "other", "results.json", (text) =>
    text.replaceAll(/"questions": ?"[^"]*"/g, '"questions":"others"'),
  );
  expect((await viewOf([one, other])).benchmarks[0]).not.toHaveProperty("guessing");
});
