import type { LedgerEntry, StageResult } from "@mlan/core";
import { type BenchmarkView, viewOf } from "@mlan/run-view";
import { costTable as costsOf } from "#internal/terminal/cost-table.ts";
import { resultsTable as tableOf } from "#internal/terminal/results-table.ts";
import { sparkline } from "#internal/terminal/sparkline.ts";
import { textTable } from "@mlan/eval-kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { result, runOf } from "./written-run.ts";

const resultsTable = async (
  results: readonly StageResult[],
  { stages, width }: { readonly stages?: readonly string[]; readonly width?: number } = {},
): Promise<readonly string[]> => {
  const names = stages ?? [...new Set(results.map(({ stage }) => stage))];
  return tableOf(await viewOf(runOf(results, [], names), { answers: false }), width);
};
const costTable = async (ledger: readonly LedgerEntry[]): Promise<readonly string[]> => {
  const names = ledger.map(({ stage }) => stage);
  return costsOf((await viewOf(runOf([], ledger, names), { answers: false })).costs);
};

describe("the results table", () => {
  test("puts the stages side by side, with standard errors and numbers of questions", async () => {
    const results = [
      result("base", "boolq", {
        metrics: { accuracy: { value: 0.12, standardError: 0.019 } },
        unreadable: 243,
        wording: "llama2-base",
      }),
      result("base", "pope", {
        metrics: { accuracy: { value: 0, standardError: 0 }, f1: { value: 0, standardError: 0 } },
        wording: "llama2-base",
      }),
      result("tuned", "boolq"),
      result("tuned", "pope", {
        questions: 1200,
        metrics: { accuracy: { value: 1 }, f1: { value: 0.98765, standardError: 0.00123 } },
      }),
    ];
    expect((await resultsTable(results)).join("\n")).toBe(
      [
        "Results in %, 95 % intervals in brackets (protocol strict)",
        "",
        "benchmark  metric            base       tuned           n",
        "boolq      accuracy    12.0 ± 1.9  71.3 ± 2.6         300",
        "           unreadable        81.0         0.0",
        "pope       accuracy     0.0 ± 0.0       100.0  300, 1,200",
        "           f1           0.0 ± 0.0  98.8 ± 0.1",
        "",
        "The models were asked with different wordings: base as llama2-base, tuned as tuned.",
      ].join("\n"),
    );
  });

  test("says how many prompts were truncated, where it was counted", async () => {
    const results = [
      result("base", "race"),
      result("tuned", "race", { truncatedPrompts: 3, unreadable: 30 }),
      result("tuned", "boolq", { truncatedPrompts: 0 }),
    ];
    expect((await resultsTable(results)).slice(2)).toEqual([
      "benchmark  metric            base       tuned    n",
      "race       accuracy    71.3 ± 2.6  71.3 ± 2.6  300",
      "           unreadable         0.0        10.0",
      "           truncated                      1.0",
      "boolq      accuracy                71.3 ± 2.6  300",
    ]);
  });

  test("shows intervals, and what verification found", async () => {
    const interval = { low: 0.66, high: 0.7634, level: 0.95, method: "wilson" } as const;
    const flips = [{ id: "17", together: "yes", alone: "no", margin: 0.00002 }];
    const results = [
      result("tuned", "boolq", {
        metrics: { accuracy: { value: 0.713, standardError: 0.026, interval } },
        verification: { checked: 64, flips, smallestMargin: 0.00002 },
      }),
    ];
    expect((await resultsTable(results)).slice(2)).toEqual([
      "benchmark  metric                tuned    n",
      "boolq      accuracy  71.3 [66.0, 76.3]  300",
      "",
      "Verified boolq at tuned: 63 of 64 answers are the same when asked alone; smallest logit margin 2.00e-5.",
      '  17: "yes" in a batch, "no" alone, margin 2.00e-5',
    ]);
  });

  test("never mixes protocols", async () => {
    const lines = await resultsTable([result("paper", "boolq", { protocol: "paper" }), result("strict", "boolq")]);
    expect(lines).toEqual([
      "Results in %, 95 % intervals in brackets (protocol paper)",
      "",
      "benchmark  metric         paper    n",
      "boolq      accuracy  71.3 ± 2.6  300",
      "",
      "Results in %, 95 % intervals in brackets (protocol strict)",
      "",
      "benchmark  metric        strict    n",
      "boolq      accuracy  71.3 ± 2.6  300",
    ]);
  });

  test("keeps the order of the stages that it is given, and leaves a cell empty where nothing was asked", async () => {
    const lines = await resultsTable([result("b", "boolq"), result("a", "pope")], { stages: ["a", "align", "b"] });
    expect(lines.slice(2)).toEqual([
      "benchmark  metric             a           b    n",
      "pope       accuracy  71.3 ± 2.6              300",
      "boolq      accuracy              71.3 ± 2.6  300",
    ]);
  });

  test("warns when a benchmark changed between stages", async () => {
    const lines = await resultsTable([
      result("base", "boolq"),
      result("tuned", "boolq", { fingerprints: { questions: "other", prompts: "p", protocol: "r" } }),
      result("base", "pope"),
    ]);
    expect(lines.at(-1)).toBe(
      "Do not compare base and tuned on boolq: its questions or prompts changed between these stages.",
    );
    const templates = [
      result("a", "boolq", { template: "1" }),
      result("b", "boolq", { template: "2" }),
      result("c", "boolq"),
    ];
    expect((await resultsTable(templates)).at(-1)).toBe(
      "Do not compare a and b and c on boolq: its template changed between these stages.",
    );
    expect((await resultsTable(templates.slice(1))).at(-1)).toMatch(/^boolq/);
  });

  test("comes in parts where the terminal is narrow", async () => {
    const lines = await resultsTable(
      ["one", "two", "three"].map((stage) => result(stage, "boolq")),
      { width: 46 },
    );
    expect(lines.slice(2)).toEqual([
      "benchmark  metric           one         two",
      "boolq      accuracy  71.3 ± 2.6  71.3 ± 2.6",
      "",
      "benchmark  metric         three    n",
      "boolq      accuracy  71.3 ± 2.6  300",
    ]);
  });
});

describe("the results table of a view with answers", () => {
  const interval = { low: 0.33, high: 0.47, level: 0.95, method: "wilson" } as const;
  const results = ["base", "tuned"].flatMap((stage) =>
    ["race", "gqa"].map((benchmark) =>
      result(stage, benchmark, { metrics: { accuracy: { value: 0.4, interval }, f1: { value: 0.3 } } }),
    ),
  );

  test("has the accuracy of guessing, says how it is done, and marks results that are not above it", async () => {
    const view = await viewOf(runOf(results, [], ["base", "tuned"]), { answers: false });
    const levels = {
      race: { name: "guessing", accuracy: 0.25 },
      gqa: { name: "most frequent answer", accuracy: 0.44 },
    };
    const guessing = Object.entries(levels);
    const lines = tableOf({
      ...view,
      benchmarks: view.benchmarks.map((one) => {
        const [, level] = guessing.find(([name]) => name === one.benchmark) ?? [];
        return level ? ({ ...one, guessing: { ...level, kinds: 1 } } as BenchmarkView) : one;
      }),
      results: view.results.map((one) => ({ ...one, isAboveGuessing: one.benchmark === "race" })),
    });
    expect(lines.slice(2)).toEqual([
      "benchmark  metric    guessing                base               tuned    n",
      "race       accuracy      25.0   40.0 [33.0, 47.0]   40.0 [33.0, 47.0]  300",
      "           f1                                30.0                30.0",
      "gqa        accuracy     44.0*  40.0 [33.0, 47.0]°  40.0 [33.0, 47.0]°  300",
      "           f1                                30.0                30.0",
      "",
      "° not above guessing: the interval over questions reaches down to it",
      "* always giving the most frequent answer of each kind of question",
    ]);
  });
});

test("the cost table shows the cost of a stage and the change of its loss", async () => {
  const entry: LedgerEntry = {
    stage: "align",
    steps: 200,
    text: 1234567,
    image: 20000,
    padding: 345,
    supervised: 99999,
    flops: 4.5678e12,
    seconds: 185,
    firstLoss: 6.2345,
    lastLoss: 1.9999,
  };
  const small = { ...entry, stage: "tune", steps: 1, image: 0, flops: 1.234e10, seconds: 0.42 };
  expect(await costTable([entry, small])).toEqual([
    "Cost of training, in positions",
    "",
    "stage  steps       text  supervised   image  padding   TFLOP    time           loss",
    "align    200  1,234,567      99,999  20,000      345    4.57  3m 05s  6.234 → 2.000",
    "tune       1  1,234,567      99,999       0      345  0.0123    0.4s  6.234 → 2.000",
  ]);
});

test("tables and curves print whatever number they find", async () => {
  const odd = [NaN, Infinity, -Infinity];
  for (const value of odd) {
    const estimate = {
      value,
      standardError: value,
      interval: { low: value, high: value, level: 0.95, method: "wilson" },
    } as const;
    const flips = [{ id: "1", together: "a", alone: "b", margin: value }];
    const verification = { checked: 1, flips, smallestMargin: value };
    const [, , , accuracy, ...rest] = await resultsTable([
      result("tuned", "boolq", { metrics: { accuracy: estimate }, verification }),
    ]);
    expect(accuracy).toContain(`${value} [${value}, ${value}]`);
    expect(rest.join("\n")).toContain(`margin ${value}`);
    const numbers = { steps: value, text: value, image: value, padding: value, supervised: value, flops: value };
    const losses = { seconds: value, firstLoss: value, lastLoss: 2 };
    expect((await costTable([{ stage: "tune", ...numbers, ...losses }])).at(-1)).toContain(
      `${value}s  ${value} → 2.000`,
    );
  }
  expect(sparkline([2, NaN, 1, Infinity], 4)).toBe("█!▁!");
  expect(sparkline(odd, 10)).toBe("!!!");
});

describe("a text table", () => {
  const cell = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "é", "±", "9") });
  const tables = fc.integer({ min: 1, max: 6 }).chain((size) =>
    fc.tuple(
      fc.array(fc.record({ title: cell, align: fc.constantFrom("left" as const, "right" as const) }), {
        minLength: size,
        maxLength: size,
      }),
      fc.array(fc.array(cell, { minLength: size, maxLength: size }), { maxLength: 4 }),
    ),
  );

  test("is no wider than asked, unless one column alone is", () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 14, max: 80 }), ([columns, rows], width) => {
        for (const line of textTable({ columns, rows }, width)) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("shows every cell at any width", () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 80 }), ([columns, rows], width) => {
        const text = textTable({ columns, rows }, width).join("\n");
        for (const one of rows.flat()) expect(text).toContain(one);
      }),
    );
  });
});

describe("a sparkline", () => {
  test("falls from the highest block to the lowest", () => {
    expect(sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8)).toBe("█▇▆▅▄▃▂▁");
  });

  test("draws means where there are more values than characters", () => {
    expect(sparkline([4, 4, 3, 1, 0, 0], 3)).toBe("█▅▁");
  });

  test("is flat for equal values and empty for none", () => {
    expect(sparkline([1, 1, 1], 10)).toBe("▁▁▁");
    expect(sparkline([], 10)).toBe("");
  });
});
