import type { PageData, ShareData } from "../src/page-data.ts";
import { element } from "./element.ts";
import { costPlot } from "./plots/cost-plot.ts";
import { curvePlot } from "./plots/curve-plot.ts";
import { resultsPlot } from "./plots/results-plot.ts";
import { sharePlot } from "./plots/share-plot.ts";
import { legendOf } from "./symbols.ts";

/** Draws every plot of the page, and draws a plot again whenever its width changes. */
export function drawPlots(data: PageData): void {
  const shown = data.models.filter((_, index) => data.results.some(({ model }) => model === index));
  for (const place of document.querySelectorAll('[data-legend="models"]')) place.append(...legendOf(shown));
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

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
