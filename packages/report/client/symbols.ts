import * as Plot from "@observablehq/plot";
import type { ModelData } from "../src/page-data.ts";
import { element } from "./element.ts";

const SYMBOLS = ["circle", "square", "diamond2", "triangle", "times", "star", "hexagon", "plus"] as const;

export function symbolOf({ symbol }: ModelData): Plot.SymbolType {
  return SYMBOLS[symbol % SYMBOLS.length] ?? "circle";
}

/** The color of a class such as "arm-0", which depends on the theme. */
export function colorOf({ color }: { readonly color: string }): string {
  return `var(--${color})`;
}

/**
 * Removes from Plot's output the style, which the page's policy forbids (the page's own style has the same rules), and
 * the labels of groups, which ARIA forbids.
 */
export function cleaned<Svg extends Element>(svg: Svg): Svg {
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const group of svg.querySelectorAll("g")) {
    for (const name of ["aria-label", "aria-description"]) group.removeAttribute(name);
  }
  return svg;
}

/** The entries of a legend of models. */
export function legendOf(models: readonly ModelData[]): readonly HTMLElement[] {
  return models.map((model) => {
    const dot = Plot.dot({ length: 1 }, { frameAnchor: "middle", symbol: symbolOf(model), ...paint(model), r: 4.5 });
    const icon = cleaned(dot.plot({ className: "plot", width: 12, height: 12, margin: 0 }));
    icon.setAttribute("aria-hidden", "true");
    return element("li", {}, icon, model.label);
  });
}

/** Returns the paint of a model's symbol: fill and stroke, or only a stroke for symbols that are made of lines. */
export function paint(model: ModelData): {
  readonly fill?: string;
  readonly stroke: string;
  readonly strokeWidth: number;
} {
  const color = colorOf(model);
  const isLines = ["times", "plus"].includes(String(symbolOf(model)));
  return isLines ? { stroke: color, strokeWidth: 2 } : { fill: color, stroke: color, strokeWidth: 0.5 };
}
