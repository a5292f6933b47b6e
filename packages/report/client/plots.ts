import * as Plot from "@observablehq/plot";
import type { CostData, CurveData, ModelData, PageData, RangeData, ResultData, ShareData } from "../src/page-data.ts";
import { element } from "./element.ts";
import { colorOf, legendOf, paint, symbolOf, cleaned } from "./symbols.ts";

/** Draws every plot of the page, and draws a plot again whenever its width changes. */
export function drawPlots(data: PageData): void {
  for (const place of document.querySelectorAll('[data-legend="models"]')) place.append(...legendOf(data.models));
  draw("results", (width) => [resultsPlot(data.results, data.models, width)]);
  drawEach(
    "costs",
    groupBy(data.costs, ({ average }) => average),
    (costs, width) => costPlot(costs, data.models, width),
  );
  const shares = (average: boolean): Map<string, ShareData[]> =>
    groupBy(
      data.shares.filter(({ isAverage }) => isAverage === average),
      ({ title }) => title,
    );
  const backbones = [...new Set(data.shares.map(({ backbone }) => backbone))];
  for (const [name, average] of [
    ["shares", true],
    ["shares-by-benchmark", false],
  ] as const)
    drawEach(name, shares(average), (curves, width) => sharePlot(curves, backbones, width));
  drawEach(
    "curves",
    groupBy(data.curves, ({ title }) => title),
    curvePlot,
  );
}

function draw(name: string, plots: (width: number) => readonly Element[]): void {
  const place = document.querySelector(`[data-plot="${name}"]`);
  if (!place) return;
  let drawn = 0;
  // A plot inside a closed `details` gets its width, and is drawn, when the element is opened.
  new ResizeObserver(() => {
    const width = Math.floor(place.clientWidth);
    if (width === drawn || width === 0) return;
    drawn = width;
    place.replaceChildren(...plots(width));
  }).observe(place);
}

/** Draws one plot with a heading per group. The plots are side by side if there is room. */
function drawEach<Item>(
  name: string,
  groups: ReadonlyMap<string, readonly Item[]>,
  plot: (items: readonly Item[], width: number) => readonly Element[] | Element,
): void {
  draw(name, (width) => {
    const columns = groups.size > 1 && width >= 800 ? 2 : 1;
    const each = Math.floor((width - (columns - 1) * 32) / columns);
    return [...groups].map(([title, items]) =>
      element("div", { class: "plot-place" }, element("h3", {}, title), [plot(items, each)].flat()),
    );
  });
}

/** Options of all plots. */
const common = (label: string): Plot.PlotOptions => ({
  className: "plot",
  style: { fontSize: "12px" },
  ariaLabel: label,
  color: { type: "identity" },
});
const PERCENT = { percent: true, labelArrow: "none" } as const;

function finished(svg: (SVGSVGElement | HTMLElement) & Plot.Plot): Element {
  svg.setAttribute("role", "img");
  return cleaned(svg);
}

const bounds = (data: readonly { readonly value: number; readonly interval?: RangeData }[]): RangeData => ({
  low: Math.min(...data.flatMap(({ value, interval }) => [value, interval?.low ?? value])),
  high: Math.max(...data.flatMap(({ value, interval }) => [value, interval?.high ?? value])),
});

const shown = (value: number): string => (value * 100).toFixed(1);
const range = (interval: RangeData | undefined): string =>
  interval ? ` [${shown(interval.low)}, ${shown(interval.high)}]` : "";

/** Draws a row per benchmark and model: the value as a symbol, the interval as a line, and the seeds as small dots. */
function resultsPlot(results: readonly ResultData[], models: readonly ModelData[], width: number): Element {
  const isNarrow = width < 560;
  const used = [...new Set(results.map(({ model }) => model))];
  const benchmarks = [...new Set(results.map(({ benchmark }) => benchmark))];
  const room = (used.length + 1) * (used.length > 6 ? 9 : 13) + (isNarrow ? 16 : 0);
  const place = { fy: "benchmark", y: "model" } as const;
  const intervals = results.flatMap((one) => (one.interval ? { ...one, ...one.interval } : []));
  const seeds = results.flatMap(({ seeds = [], ...one }) => seeds.map((value) => ({ ...one, value })));
  const guesses = benchmarks.flatMap((benchmark) => {
    const chance = results.find((one) => one.benchmark === benchmark)?.chance;
    return chance === undefined ? [] : { benchmark, chance };
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
        Plot.ruleX(guesses, { fy: "benchmark", x: "chance", stroke: "var(--muted)", strokeDasharray: "2,3" }),
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

function colorAt(models: readonly ModelData[], index: number): string {
  const model = models[index];
  return model ? colorOf(model) : "currentColor";
}

function costPlot(costs: readonly CostData[], models: readonly ModelData[], width: number): readonly Element[] {
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

function sharePlot(curves: readonly ShareData[], backbones: readonly string[], width: number): readonly Element[] {
  const rows = curves.flatMap(({ backbone, points }) =>
    points.map((point) => ({
      ...point,
      backbone,
      color: `var(--arm-${backbones.indexOf(backbone) % 8})`,
      ...(point.band ?? point.interval),
    })),
  );
  const seeds = rows.flatMap((row) => row.seeds.map((value) => ({ ...row, value })));
  const chance = curves[0]?.chance;
  const values = [
    ...rows.flatMap(({ value, low = value, high = value }) => [low, high]),
    ...(chance === undefined ? [] : [chance]),
  ];
  const by = { x: (row: { share: number }) => row.share * 100, z: "backbone" } as const;
  const svg = Plot.plot({
    ...common("Accuracy against the share of language in the tuning data"),
    width,
    height: 260,
    marginLeft: 44,
    marginBottom: 40,
    x: { label: "share of language, %", labelArrow: "none", domain: [0, 100], ticks: [0, 25, 50, 75, 100], inset: 8 },
    y: {
      ...PERCENT,
      label: "accuracy, %",
      grid: true,
      nice: true,
      domain: [Math.max(0, Math.min(...values) - 0.02) * 100, Math.min(1, Math.max(...values) + 0.02) * 100],
    },
    marks: [
      ...(chance === undefined ? [] : [Plot.ruleY([chance], { stroke: "var(--muted)", strokeDasharray: "2,3" })]),
      Plot.areaY(
        rows.filter(({ low }) => low !== undefined),
        { ...by, y1: "low", y2: "high", fill: "color", fillOpacity: 0.16 },
      ),
      Plot.lineY(rows, { ...by, y: "value", stroke: "color", strokeWidth: 2 }),
      Plot.dot(seeds, { ...by, y: "value", r: 1.8, stroke: "color" }),
      Plot.dot(rows, { ...by, y: "value", r: 3.5, fill: "color" }),
      Plot.tip(
        rows,
        Plot.pointer({
          ...by,
          y: "value",
          title: ({ backbone, share, value, interval, band }: (typeof rows)[number]) =>
            [
              backbone,
              `${shown(share)} % language: ${shown(value)} %`,
              `over questions${range(interval)}`,
              ...(band ? [`over seeds${range(band)}`] : []),
            ]
              .filter((line) => line !== "")
              .join("\n"),
        }),
      ),
    ],
  });
  const named =
    backbones.length > 1 ? [lineLegend(backbones.map((label, index) => ({ label, color: `arm-${index % 8}` })))] : [];
  return [finished(svg), ...named];
}

function curvePlot(curves: readonly CurveData[], width: number): readonly Element[] {
  const rows = curves.flatMap(({ points, label, color }, index) =>
    points.map(([step, loss, lowest = loss, highest = loss]) => ({
      step,
      loss,
      lowest,
      highest,
      label,
      index,
      color: `var(--${color})`,
    })),
  );
  const svg = Plot.plot({
    ...common("Training loss by step"),
    width,
    height: 240,
    marginLeft: 44,
    marginBottom: 40,
    x: { label: "step", labelArrow: "none", ticks: 5 },
    y: { label: "loss, nats", labelArrow: "none", grid: true, nice: true, ticks: 6 },
    marks: [
      // Many bands would cover each other.
      Plot.areaY(curves.length > 4 ? [] : rows, {
        x: "step",
        y1: "lowest",
        y2: "highest",
        z: "index",
        fill: "color",
        fillOpacity: 0.15,
      }),
      Plot.lineY(rows, { x: "step", y: "loss", z: "index", stroke: "color", strokeWidth: 1.5 }),
      Plot.tip(
        rows.filter(({ loss }) => loss !== null),
        Plot.pointerX({
          x: "step",
          y: "loss",
          title: ({ label, step, loss }: (typeof rows)[number]) =>
            `${label === "" ? "" : `${label}\n`}step ${step}\nloss ${loss?.toPrecision(4)}`,
        }),
      ),
    ],
  });
  const named = [...new Map(curves.map((curve) => [curve.label, curve])).values()].filter(({ label }) => label !== "");
  return [finished(svg), ...(named.length > 1 && named.length <= 16 ? [lineLegend(named)] : [])];
}

function lineLegend(entries: readonly { readonly label: string; readonly color: string }[]): HTMLElement {
  return element(
    "ul",
    { class: "legend" },
    entries.map(({ label, color }) => element("li", {}, element("span", { class: `swatch ${color}` }), label)),
  );
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
