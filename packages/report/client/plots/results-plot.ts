import * as Plot from "@observablehq/plot";
import type { ModelData, ResultData } from "../../src/page-data.ts";
import { paint, symbolOf } from "../symbols.ts";
import { bounds, colorAt, common, finished, PERCENT, range, shown } from "./common.ts";

/** Draws a row per benchmark and model: the value as a symbol, the interval as a line, and the seeds as small dots. */
export function resultsPlot(results: readonly ResultData[], models: readonly ModelData[], width: number): Element {
  const isNarrow = width < 560;
  const used = [...new Set(results.map(({ model }) => model))];
  const benchmarks = [...new Set(results.map(({ benchmark }) => benchmark))];
  const room = (used.length + 1) * (used.length > 6 ? 9 : 13) + (isNarrow ? 16 : 0);
  const place = { fy: "benchmark", y: "model" } as const;
  const intervals = results.flatMap((one) => (one.interval ? { ...one, ...one.interval } : []));
  const seeds = results.flatMap(({ seeds = [], ...one }) => seeds.map((value) => ({ ...one, value })));
  const guesses = benchmarks.flatMap((benchmark) => {
    const guessing = results.find((one) => one.benchmark === benchmark)?.guessing;
    return guessing === undefined ? [] : { benchmark, guessing };
  });
  const title = ({ benchmark, model, value, interval }: ResultData): string =>
    `${benchmark}, ${models[model]?.label}\n${shown(value)} %${range(interval)}`;
  return finished(
    Plot.plot({
      ...common("Headline metric of each model on each benchmark; the table below has the values"),
      width,
      height: benchmarks.length * room + 44,
      marginLeft: isNarrow ? 8 : 104,
      marginRight: 12,
      marginBottom: 40,
      insetTop: isNarrow ? 14 : 0,
      x: {
        ...PERCENT,
        label: "%",
        domain: [0, Math.max(100 * bounds(results).high, 100)],
        grid: true,
        ticks: isNarrow ? 5 : 10,
      },
      y: { axis: null, type: "point", domain: used, padding: 1 },
      fy: { domain: benchmarks, axis: null, padding: 0.12 },
      marks: [
        Plot.frame({ stroke: "var(--line)", anchor: "bottom" }),
        Plot.text(
          benchmarks,
          isNarrow
            ? {
                fy: (name: string) => name,
                text: (name: string) => name,
                frameAnchor: "top-left",
                dy: 4,
                fill: "var(--ink)",
                fontWeight: 600,
              }
            : {
                fy: (name: string) => name,
                text: (name: string) => name,
                frameAnchor: "left",
                dx: -12,
                textAnchor: "end",
                fill: "var(--ink)",
              },
        ),
        Plot.ruleX(guesses, { fy: "benchmark", x: "guessing", stroke: "var(--muted)", strokeDasharray: "2,3" }),
        Plot.ruleY(intervals, {
          ...place,
          x1: "low",
          x2: "high",
          stroke: ({ model }: ResultData) => colorAt(models, model),
          strokeWidth: 1.5,
        }),
        Plot.dot(seeds, { ...place, x: "value", r: 1.6, stroke: ({ model }: ResultData) => colorAt(models, model) }),
        ...used.flatMap((index) => {
          const model = models[index];
          return model
            ? [
                Plot.dot(
                  results.filter((one) => one.model === index),
                  { ...place, x: "value", symbol: symbolOf(model), r: 4, ...paint(model) },
                ),
              ]
            : [];
        }),
        Plot.tip(results, Plot.pointer({ ...place, x: "value", title, maxRadius: 24 })),
      ],
    }),
  );
}
