import * as Plot from "@observablehq/plot";
import type { CostData, ModelData } from "../../src/page-data.ts";
import { element } from "../element.ts";
import { legendOf, paint, symbolOf } from "../symbols.ts";
import { bounds, colorAt, common, finished, PERCENT, range, shown } from "./common.ts";

export function costPlot(costs: readonly CostData[], models: readonly ModelData[], width: number): readonly Element[] {
  const { low, high } = bounds(costs);
  const margin = Math.max((high - low) * 0.08, 0.01);
  const intervals = costs.flatMap((one) => (one.interval ? { ...one, ...one.interval } : []));
  const title = ({ model, teraflops, value, interval }: CostData): string =>
    `${models[model]?.label}\n${shown(value)} %${range(interval)}\n${teraflops.toPrecision(3)} TFLOP`;
  const svg = Plot.plot({
    ...common("Mean accuracy against training cost"),
    width,
    height: 280,
    marginLeft: 44,
    marginBottom: 40,
    x: {
      label: "training cost, TFLOP",
      labelArrow: "none",
      grid: true,
      zero: true,
      nice: true,
      ticks: 5,
      insetLeft: 10,
      insetRight: 10,
    },
    y: {
      ...PERCENT,
      label: "mean accuracy, %",
      grid: true,
      domain: [Math.max(0, low - margin) * 100, Math.min(1, high + margin) * 100],
    },
    marks: [
      Plot.ruleX(intervals, {
        x: "teraflops",
        y1: "low",
        y2: "high",
        stroke: ({ model }: CostData) => colorAt(models, model),
        strokeWidth: 1.5,
      }),
      ...costs.flatMap((one) => {
        const model = models[one.model];
        return model
          ? [Plot.dot([one], { x: "teraflops", y: "value", symbol: symbolOf(model), r: 5, ...paint(model) })]
          : [];
      }),
      Plot.tip(costs, Plot.pointer({ x: "teraflops", y: "value", title })),
    ],
  });
  return [
    finished(svg),
    element(
      "ul",
      { class: "legend" },
      legendOf(models.filter((_, index) => costs.some(({ model }) => model === index))),
    ),
  ];
}
