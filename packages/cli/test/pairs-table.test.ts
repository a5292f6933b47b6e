import { type PairView, type View, viewOf } from "@mlan/run-view";
import { pairsTable } from "#internal/terminal/pairs-table.ts";
import { describe, expect, test } from "vitest";
import { result, runOf } from "./written-run.ts";

describe("the table of tuned models", () => {
  const models = ["base", "language", "mixed", "vision"];
  const view = async (): Promise<View> =>
    viewOf(
      runOf(
        models.map((stage) => result(stage, "race")),
        [],
        models,
      ),
      { answers: false },
    );
  const overSeeds = {
    values: [],
    mean: 0.02,
    standardDeviation: 0.1,
    lowest: 0,
    highest: 1,
    interval: { low: -0.05, high: 0.09, level: 0.95 },
  };
  const pairOf = (model: string, base: string, isLeading: boolean, several = false): PairView => ({
    model,
    base,
    isLeading,
    level: 0.95,
    resamples: 10_000,
    benchmarks: [],
    means: [
      {
        modality: "text",
        protocol: "strict",
        benchmarks: ["race"],
        difference: 0.02,
        interval: { low: 0.0123, high: 0.0345, level: 0.95 },
        ...(several && { overSeeds }),
      },
    ],
    notCompared: [],
  });

  test("has a row per pair, with mean differences, results above guessing and costs", async () => {
    const found = await view();
    const results = found.results.map((one) => ({ ...one, isAboveGuessing: one.model === "language" }));
    expect(pairsTable({ ...found, results, pairs: [pairOf("language", "vision", true, true)] }, 120).slice(3)).toEqual([
      "first     second        better  worse  not told apart      language mean  above guessing  TFLOP",
      "language  vision             0      0               0  +2.0 [+1.2, +3.5]  1 of 1, 0 of 1   0, 0",
      "            over seeds                                      [-5.0, +9.0]",
    ]);
  });

  test("leaves out most of many pairs, and says how to see them", async () => {
    const others = ["a", "b", "c", "d", "e", "f"];
    const pairs = [pairOf("language", "vision", true), ...others.map((base) => pairOf("mixed", base, false))];
    const lines = pairsTable({ ...(await view()), pairs }, 200);
    expect(lines.filter((line) => line.startsWith("language "))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith("mixed "))).toHaveLength(0);
    expect(lines.at(-1)).toBe("6 more pairs: mlan show --json, mlan report");
  });

  test("is empty without pairs", async () => {
    expect(pairsTable(await view(), 120)).toEqual([]);
  });
});
