import { describe, expect, test } from "vitest";
import type { View } from "@mlan/run-view";
import { reportPage } from "@mlan/report";
import { textOf } from "./page-text.ts";
import { fullStudy } from "./full-study.ts";
import { sampleView } from "./sample-view.ts";

describe("the page of a study", () => {
  test("of tuned models answers which is better, with both intervals, before what they gained over the base", async () => {
    const view = sampleView({ models: ["base", "mlan", "vision"], seeds: 3, isStudy: true });
    const text = textOf(await reportPage({ ...view, languageShares: [] }, { questions: [] }));
    const [pair] = view.pairs;
    const worse = pair?.benchmarks.filter(({ verdict }) => verdict === "worse").map(({ benchmark }) => benchmark);
    expect(text).toContain("Is vision better than mlan?");
    expect(text).toContain(
      `vision against mlan: better on none of 9 benchmarks, worse on ${worse?.length} (${worse?.join(", ")})`,
    );
    expect(text).toMatch(
      /Mean difference: [+−]\d+\.\d points \(\[.*?\] over questions, \[.*?\] over seeds\) on the 4 language benchmarks and/,
    );
    expect(text).toContain("Training took 7 TFLOP, against 5.5 TFLOP.");
    expect(text.indexOf("vision against mlan")).toBeLessThan(text.indexOf("Against base"));
  });

  test("says on which benchmarks the seeds agree", async () => {
    const view = sampleView({ models: ["base", "a", "b"], seeds: 3, isStudy: true });
    const [pair] = view.pairs;
    if (!pair) throw new Error("The view has no pair.");
    const pairWith = (values: readonly (readonly number[])[]): View => ({
      ...view,
      pairs: [
        {
          ...pair,
          benchmarks: pair.benchmarks.slice(0, values.length).map((one, place) => ({
            ...one,
            difference: 0.1,
            verdict: "better",
            overSeeds: {
              values: (values[place] ?? []).map((value, seed) => ({ seed, value })),
              mean: 0.1,
              standardDeviation: 0.1,
              lowest: 0,
              highest: 1,
              interval: { low: 0, high: 1, level: 0.95 },
            },
          })),
        },
      ],
    });
    const textFor = async (...values: readonly (readonly number[])[]): Promise<string> =>
      textOf(await reportPage(pairWith(values), { questions: [] }));
    expect(await textFor([0.1, 0.2], [0.3, 0.1])).toContain("All seeds agree on these.");
    expect(await textFor([0.1, 0.2], [0.3, -0.1])).toContain("All seeds agree only on race.");
    expect(await textFor([0.3, -0.1])).toContain("The seeds agree on none of these.");
  });

  test("names the backbone of each answer, and folds the pairs without the leading model", async () => {
    const [view] = fullStudy();
    const page = await reportPage(view, { questions: [] });
    const text = textOf(page);
    for (const backbone of ["llama2", "vicuna"])
      expect(text).toMatch(new RegExp(`language-100 \\(.*? % language\\) against language-0 \\(.*?\\), ${backbone}:`));
    expect(text).toContain("All 30 pairs");
    const [before = ""] = page.split("All 30 pairs");
    expect(before.match(/<th scope="row">language-/g)).toHaveLength(10);
  });

  test("says why tuned models could not be compared", async () => {
    const view = sampleView({ models: ["base", "a", "b"], isStudy: true });
    const reason = "b has 9 of 40 answers.";
    const pairs = view.pairs.map((pair) => ({
      ...pair,
      benchmarks: [],
      means: [],
      notCompared: [{ benchmark: "race", protocol: "strict", reason }],
    }));
    const text = textOf(await reportPage({ ...view, pairs }, { questions: [] }));
    expect(text).toContain(`could not be compared on any benchmark. ${reason}`);
  });

  test("marks results that are not above guessing, and says how guessing is done", async () => {
    const view = sampleView();
    const page = await reportPage(view, { questions: [] });
    const marked = view.results.filter(({ isAboveGuessing }) => isAboveGuessing === false);
    expect(page.match(/<span class="guess">/g)).toHaveLength(marked.length);
    expect(textOf(page)).toContain("° Not above guessing: the interval over questions reaches down to it.");
    expect(page).toMatch(/<td class="number">\s*30\.0\*\s*<\/td>/);
    expect(textOf(page)).toContain(
      "* Always giving the most frequent answer of each kind of question (realworldqa: 3 kinds).",
    );
    const above = view.results.map((result) => ({ ...result, isAboveGuessing: true }));
    expect(textOf(await reportPage({ ...view, results: above }, { questions: [] }))).not.toContain("°");
  });
});
