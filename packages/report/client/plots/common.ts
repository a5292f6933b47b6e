import type * as Plot from "@observablehq/plot";
import type { ModelData, RangeData } from "../../src/page-data.ts";
import { element } from "../element.ts";
import { cleaned, colorOf } from "../symbols.ts";

/** Options of all plots. */
export const common = (label: string): Plot.PlotOptions => ({
  className: "plot",
  style: { fontSize: "12px" },
  ariaLabel: label,
  color: { type: "identity" },
});
export const PERCENT = { percent: true, labelArrow: "none" } as const;

export function finished(svg: (SVGSVGElement | HTMLElement) & Plot.Plot): Element {
  svg.setAttribute("role", "img");
  return cleaned(svg);
}

export const bounds = (data: readonly { readonly value: number; readonly interval?: RangeData }[]): RangeData => ({
  low: Math.min(...data.flatMap(({ value, interval }) => [value, interval?.low ?? value])),
  high: Math.max(...data.flatMap(({ value, interval }) => [value, interval?.high ?? value])),
});

export const shown = (value: number): string => (value * 100).toFixed(1);
export const range = (interval: RangeData | undefined): string =>
  interval ? ` [${shown(interval.low)}, ${shown(interval.high)}]` : "";

export function colorAt(models: readonly ModelData[], index: number): string {
  const model = models[index];
  return model ? colorOf(model) : "currentColor";
}

export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  /** Lines of every backbone but the first are dashed, with a hollow mark in the legend. */
  readonly backbone?: number;
}

export function lineLegend(entries: readonly LegendEntry[]): HTMLElement {
  return element(
    "ul",
    { class: "legend" },
    entries.map(({ label, color, backbone = 0 }) =>
      element("li", {}, element("span", { class: `swatch ${color}${backbone > 0 ? " hollow" : ""}` }), label),
    ),
  );
}
